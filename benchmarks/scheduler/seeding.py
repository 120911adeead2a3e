"""Run in a process of its own: the schedules of one measurement; prints when they are due, as one JSON line."""

import json
import os
import sys
from datetime import datetime, timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
#: Long enough for clock and workers to be up before anything is due.
WARM_SECONDS = 25


def main(shape: str, number: int) -> None:
    django.setup()
    from django.utils import timezone

    due = timezone.now() + timedelta(seconds=WARM_SECONDS)
    due = (due + timedelta(minutes=1)).replace(second=0, microsecond=0) if shape == "spread" else due
    minute = due.replace(second=0, microsecond=0)
    daily = f"{minute.minute} {minute.hour} * * *"
    if shape == "misfire":
        policies = ("skip", "run_once", "run_all")
        missed = (timezone.now() - timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
        for policy in policies:
            facts = {"misfire_policy": policy, "next_run_at": missed, "cron_expression": "0 * * * *"}
            _schedules("crowd", policy, number // len(policies), **facts)
    elif shape == "fairness":
        _schedules("crowd", "crowd", number, next_run_at=due, cron_expression=daily)
        _schedules("quiet", "quiet", 30, next_run_at=due, cron_expression=daily, jitter_seconds=60)
    else:
        jitter = 60 if shape == "spread" else 0
        _schedules("crowd", "lag", number, next_run_at=due, cron_expression=daily, jitter_seconds=jitter)
    _settle()
    sys.stdout.write(json.dumps({"due": due.timestamp()}) + "\n")


def _settle() -> None:
    """A day like any other: every identity has been judged and every schedule tried.

    Two thousand new identities and ten thousand new schedules would be, while we measure something else.
    """
    from django.utils import timezone

    from identities.inventory.models import ManagedIdentity
    from scheduling.models import Preflight, Schedule

    now = timezone.now()
    ManagedIdentity.objects.update(reassess_at=now + timedelta(days=1))
    tried = (Preflight(schedule_id=key, checked_at=now) for key in Schedule.objects.values_list("id", flat=True))
    Preflight.objects.bulk_create(tried, batch_size=1000)


def _schedules(slug: str, name: str, number: int, **facts: Any) -> None:
    from identities.people.models import Tenant
    from scheduling.models import Schedule, Workflow, WorkflowVersion

    tenant, _ = Tenant.objects.get_or_create(slug=slug, defaults={"name": slug})
    bots = [_bot(tenant, f"{name}-bot-{place}") for place in range(4)]
    steps = [{"id": "hello", "kind": "log", "params": {"message": "hello"}}]
    workflow = Workflow.objects.create(tenant=tenant, key=f"wf-{name}", name=name, nodes=steps)
    WorkflowVersion.objects.create(workflow=workflow, version=1, definition=workflow.definition)
    Schedule.objects.bulk_create(
        (
            Schedule(
                tenant=tenant,
                workflow=workflow,
                name=f"{name}-{place}",
                timezone="UTC",
                managed_identity_id=bots[place % len(bots)].id,
                secret_reference=_reference(bots[place % len(bots)].name).as_json(),
                **facts,
            )
            for place in range(number)
        ),
        batch_size=1000,
    )


def _reference(name: str) -> Any:
    from identities.vaults.references import SecretReference

    return SecretReference("local", "local://default", name)


def _bot(tenant: Any, name: str) -> Any:
    """An identity that may run workflows and read its secret."""
    from django.utils import timezone

    from audit.actors import Actor
    from identities.access.models import GrantState, Role, RoleBinding, SecretGrant
    from identities.lifecycle import services as lifecycle
    from identities.vaults import services as vaults

    vaults.ensure_default()
    actor, now, place = Actor.system("benchmarks"), timezone.now(), _reference(name)
    facts = {"name": name, "environment": "production", "purpose": "benchmark"}
    bot = lifecycle.onboard(tenant_id=tenant.id, facts=facts, actor=actor, store_secret_at=place).identity
    role, _ = Role.objects.get_or_create(tenant=tenant, name="runner", defaults={"permissions": ["workflow.execute"]})
    spans = {"valid_until": now + timedelta(days=1), "reason": "benchmark"}
    RoleBinding.objects.create(identity=bot, role=role, valid_from=now, **spans)
    SecretGrant.objects.create(
        identity=bot, provider=place.provider, vault_uri=place.vault_uri, secret_name=name,
        state=GrantState.GRANTED, **spans,
    )  # fmt: skip
    return bot


def utc(seconds: float) -> datetime:
    """An instant of `main`'s answer."""
    from datetime import UTC

    return datetime.fromtimestamp(seconds, UTC)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
