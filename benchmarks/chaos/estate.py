"""Run in a process of its own, told on its input: makes tenants, identities, a workflow of calls and the schedules."""

import json
import os
import sys
from datetime import datetime, timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def main(told: dict[str, Any]) -> None:
    from identities.people.models import Tenant
    from identities.tokens import services as tokens
    from identities.vaults import services as vaults

    vaults.ensure_default()
    tokens.ensure_signing_key()
    made = 0
    for name in told["tenants"]:
        tenant, _ = Tenant.objects.get_or_create(slug=name, defaults={"name": name.title()})
        own = [due for due in told["schedules"] if due["tenant"] == name]
        made += _fill(tenant, own, told)
    if told.get("person"):
        _person(told["tenants"][0], told["person"])
    told_back = {"made": made, "probe": _probe(told["tenants"][0]) if told.get("probe") else None}
    sys.stdout.write(json.dumps(told_back) + "\n")


def _probe(tenant: str) -> dict[str, str]:
    """A client that is none of the runs', with a good secret: what it is given says whether anybody is let in."""
    from django.utils import timezone

    from audit.actors import Actor
    from identities.access.models import Role, RoleBinding
    from identities.lifecycle import services as lifecycle
    from identities.people.models import Tenant

    facts = {"name": "probe", "environment": "production", "purpose": "chaos"}
    owner, now = Tenant.objects.get(slug=tenant), timezone.now()
    made = lifecycle.onboard(tenant_id=owner.id, facts=facts, actor=Actor.system("benchmarks"), issue_secret=True)
    role = Role.objects.create(tenant=owner, name="reader", permissions=["identity.read"])
    RoleBinding.objects.create(
        identity=made.identity, role=role, valid_from=now, valid_until=now + timedelta(days=1), reason="chaos"
    )
    return {"id": made.identity.client_id, "secret": str(made.secret_text)}


def _person(tenant: str, email: str) -> None:
    from audit.actors import Actor
    from identities.people import services as people
    from identities.people.models import Tenant

    owner = Tenant.objects.get(slug=tenant)
    people.create_user(tenant=owner, email=email, role="READ_ONLY", actor=Actor.system("benchmarks"))


def _fill(tenant: Any, own: list[dict[str, str]], told: dict[str, Any]) -> int:
    from scheduling import calendar as calendars
    from scheduling.models import OverlapPolicy, Schedule

    bot, reference = _identity(tenant, told.get("vault"))
    workflow = _workflow(tenant, told["receiver"], told["steps"])
    before = datetime.fromisoformat(told["first"]) - timedelta(seconds=1)
    rows = [
        Schedule(
            tenant=tenant,
            workflow=workflow,
            name=due["name"],
            cron_expression=due["cron"],
            timezone=due["zone"],
            managed_identity_id=bot.id,
            secret_reference=reference.as_json(),
            input_data={"schedule": "{{schedule.name}}", "at": "{{schedule.scheduledFor}}"},
            overlap_policy=OverlapPolicy.ALLOW,
            misfire_policy=told["misfire"],
            max_attempts=told["attempts"],
            backoff_seconds=told["backoff"],
            next_run_at=calendars.next_after(calendars.parse(due["cron"], due["zone"]), before),
        )
        for due in own
    ]
    return len(Schedule.objects.bulk_create(rows))


def _identity(tenant: Any, vault: dict[str, str] | None) -> tuple[Any, Any]:
    from django.utils import timezone

    from audit.actors import Actor
    from identities.access.models import Role, RoleBinding
    from identities.lifecycle import services as lifecycle
    from identities.vaults import services as vaults
    from identities.vaults.references import SecretReference

    actor, now = Actor.system("benchmarks"), timezone.now()
    reference = SecretReference("local", "local://default", f"chaos-{tenant.slug}")
    if vault:
        vaults.connect(
            tenant_id=tenant.id, name="Chaos", provider="hashicorp-vault", vault_uri=vault["uri"],
            environment="production",
            settings={"token": vault["token"]}, may_use_deployment=True, actor=actor,
        )  # fmt: skip
        reference = SecretReference("hashicorp-vault", vault["uri"], f"{tenant.slug}/bot")
    facts = {"name": f"{tenant.slug}-bot", "environment": "production", "purpose": "chaos"}
    bot = lifecycle.onboard(tenant_id=tenant.id, facts=facts, actor=actor, store_secret_at=reference).identity
    role = Role.objects.create(tenant=tenant, name="runner", permissions=["workflow.execute"])
    RoleBinding.objects.create(
        identity=bot, role=role, valid_from=now, valid_until=now + timedelta(days=1), reason="chaos"
    )
    return bot, reference


def _workflow(tenant: Any, receiver: str, steps: list[str]) -> Any:
    from scheduling.models import Workflow, WorkflowVersion

    said = {"schedule": "{{input.schedule}}", "scheduledFor": "{{input.at}}"}
    nodes = [
        {
            "id": step,
            "kind": "http_call",
            "params": {"method": "POST", "url": f"http://{receiver}/{step}", "json": {**said, "step": step}},
            "after": steps[:place][-1:],
        }
        for place, step in enumerate(steps)
    ]
    workflow = Workflow.objects.create(
        tenant=tenant, key=f"wf-{tenant.slug}", name="Pay and tell", nodes=nodes, allowed_hosts=[receiver]
    )
    WorkflowVersion.objects.create(workflow=workflow, version=1, definition=workflow.definition)
    return workflow


if __name__ == "__main__":
    django.setup()
    main(json.load(sys.stdin))
