"""Workflows, schedules and runs as rows, for the tests of the ledger and the runner."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from django.utils import timezone

from audit import context
from identities.people.models import Tenant
from scheduling.models import RunState, Schedule, ScheduleRun, Trigger, Workflow, WorkflowVersion
from tests.factories import tokens

_numbers = count(1)
REFERENCE = {"provider": "local", "vaultUri": "local://default", "secretName": "payroll"}
SAY_HELLO = {"id": "hello", "kind": "log", "params": {"message": "hello"}}
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def workflow(*, of: Tenant | None = None, nodes: list[dict[str, Any]] | None = None, **facts: Any) -> Workflow:
    number = next(_numbers)
    made = Workflow.objects.create(
        tenant=of or tokens.tenant(),
        key=facts.pop("key", f"wf-{number}"),
        name=f"Workflow {number}",
        nodes=nodes or [SAY_HELLO],
        **facts,
    )
    WorkflowVersion.objects.create(workflow=made, version=1, definition=made.definition)
    return made


def schedule(*, of: Tenant | None = None, running: Workflow | None = None, **facts: Any) -> Schedule:
    """Every minute in UTC, next at NOON, as an identity nobody knows unless `managed_identity_id` is given."""
    made = running or workflow(of=of)
    values: dict[str, Any] = {
        "tenant": made.tenant,
        "workflow": made,
        "name": f"Schedule {next(_numbers)}",
        "cron_expression": "* * * * *",
        "timezone": "UTC",
        "managed_identity_id": uuid4(),
        "secret_reference": REFERENCE,
        "next_run_at": NOON,
    }
    return Schedule.objects.create(**(values | facts))


def run(of: Schedule | None = None, **facts: Any) -> ScheduleRun:
    """A run by the clock, due since a second ago."""
    owner = of or schedule()
    at = timezone.now() - timedelta(seconds=1)
    trigger = facts.get("trigger", Trigger.SCHEDULE)
    values: dict[str, Any] = {
        "tenant": owner.tenant,
        "schedule": owner,
        "workflow": owner.workflow,
        "workflow_key": owner.workflow.key,
        "workflow_version": owner.workflow.version,
        "trigger": trigger,
        "scheduled_for": at if trigger == Trigger.SCHEDULE else None,
        "requested_at": at if trigger == Trigger.MANUAL else None,
        "state": RunState.DUE,
        "available_at": at,
        "identity_id": owner.managed_identity_id,
        "secret_reference": owner.secret_reference,
        "correlation_id": context.new_correlation_id(),
    }
    return ScheduleRun.objects.create(**(values | facts))
