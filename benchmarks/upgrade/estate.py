"""Run in a process of its own, with the code of either release: a small estate that works, printed as one JSON line."""

import json
import os
import sys
from datetime import timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

ADMIN = "upgrade@steward.localhost"


def main(schedules: int, receiver: str = "") -> None:
    from django.utils import timezone

    from audit import context
    from audit.actors import Actor
    from config.portal import first_start
    from identities.access.models import Role, RoleBinding
    from identities.credentials import services as credentials
    from identities.lifecycle import services as lifecycle
    from identities.people.models import Tenant
    from identities.tokens import services as tokens
    from identities.vaults import services as vaults
    from identities.vaults.references import SecretReference
    from scheduling.models import Schedule, ScheduleRun, Workflow, WorkflowVersion

    vaults.ensure_default()
    tokens.ensure_signing_key()
    admin = first_start.ensure_first_admin()
    tenant, actor, now = Tenant.objects.get(), Actor.system("benchmarks"), timezone.now()
    reference = SecretReference("local", "local://default", "upgrade-bot")
    facts = {"name": "upgrade-bot", "environment": "production", "purpose": "benchmark"}
    bot = lifecycle.onboard(tenant_id=tenant.id, facts=facts, actor=actor, store_secret_at=reference).identity
    role = Role.objects.create(
        tenant=tenant, name="runner", permissions=["workflow.execute", "identity.read", "run.read"]
    )
    RoleBinding.objects.create(
        identity=bot, role=role, valid_from=now, valid_until=now + timedelta(days=1), reason="benchmark"
    )
    asks = lifecycle.onboard(tenant_id=tenant.id, facts=facts | {"name": "asks-for-tokens"}, actor=actor).identity
    RoleBinding.objects.create(
        identity=asks, role=role, valid_from=now, valid_until=now + timedelta(days=1), reason="benchmark"
    )
    issued = credentials.issue(asks, actor=actor)
    nodes: list[dict[str, Any]] = [{"id": "hello", "kind": "log", "params": {"message": "hello"}}]
    if receiver:
        params = {"method": "POST", "url": f"http://{receiver}/pay", "json": {"step": "pay"}}
        nodes = [{"id": "pay", "kind": "http_call", "params": params}]
    allowed = [receiver] if receiver else []
    workflow = Workflow.objects.create(
        tenant=tenant, key="wf-upgrade", name="Upgrade", nodes=nodes, allowed_hosts=allowed
    )
    WorkflowVersion.objects.create(workflow=workflow, version=1, definition=workflow.definition)
    minute = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    made = [
        Schedule(
            tenant=tenant, workflow=workflow, name=f"minutely-{number}", cron_expression="* * * * *", timezone="UTC",
            managed_identity_id=bot.id, secret_reference=reference.as_json(), next_run_at=minute,
            overlap_policy="allow",
        )
        for number in range(schedules)
    ]  # fmt: skip
    old = Schedule(
        tenant=tenant, workflow=workflow, name="long ago", cron_expression="* * * * *", timezone="UTC",
        managed_identity_id=bot.id, secret_reference=reference.as_json(), is_enabled=False,
    )  # fmt: skip
    Schedule.objects.bulk_create([*made, old])
    ScheduleRun.objects.create(
        tenant=tenant, schedule=old, workflow=workflow, workflow_key=workflow.key, workflow_version=1,
        state="succeeded",
        scheduled_for=now - timedelta(days=400), available_at=now, started_at=now, finished_at=now, identity_id=bot.id,
        correlation_id=context.new_correlation_id(),
    )  # fmt: skip
    said = {"client_id": asks.client_id, "secret": issued.text, "identity": str(asks.id)}
    said["admin"] = admin.email if admin else ""
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    django.setup()
    main(int(sys.argv[1]), *sys.argv[2:])
