"""The rows of what the clock fires and their records: composed by column and written by one statement each.

Five hundred come at once; a model for each of them, and a message to the database for each row, cost more than all
that the database does with them.
"""

from collections.abc import Container, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.utils import timezone

from audit import context
from audit.actors import Actor
from audit.batches import Batch
from audit.models import AuditEvent
from identities.statements.recordsets import Given, insert_given, update_given
from scheduling import calendar as calendars, templating
from scheduling.events import RunEvent
from scheduling.models import RunState, Schedule, ScheduleRun, Trigger
from scheduling.services import ledger, occurrences

#: What a column holds of which nothing is said here.
_BLANK = {field.attname: field.get_default() for field in ScheduleRun._meta.local_concrete_fields}


class DueSchedule(NamedTuple):
    """What a firing asks of a schedule, and of its workflow; `READ` names the columns in this order."""

    id: UUID
    tenant_id: UUID
    workflow_id: int
    name: str
    cron_expression: str
    timezone: str
    managed_identity_id: UUID
    secret_reference: Any
    input_data: Any
    misfire_policy: str
    overlap_policy: str
    overlap_limit: int | None
    jitter_seconds: int
    next_run_at: datetime
    workflow_key: str
    workflow_version: int


READ = (*DueSchedule._fields[:-2], "workflow__key", "workflow__version")


class Fired(NamedTuple):
    """A run as it is to be inserted, by column, and the name that its record shows."""

    values: dict[str, Any]
    label: str

    @property
    def is_due(self) -> bool:
        """Whether it is to run: else it was skipped."""
        return bool(self.values["state"] == RunState.DUE)


def rows_of(
    schedule: DueSchedule,
    calendar: calendars.Calendar,
    look: occurrences.Look,
    known: Container[datetime | None],
    at: datetime,
) -> list[Fired]:
    """What was decided; an occurrence that has a row already (a restored backup) keeps it. BadTemplate."""
    runs = [_run(schedule, calendar, moment) for moment in look.run if moment not in known]
    for skip in look.skip:
        if skip.at not in known:
            run = _run(schedule, calendar, skip.at)
            run.values.update(state=RunState.SKIPPED.value, code=skip.code, reason=skip.reason, finished_at=at)
            runs.append(run)
    return runs


def write(runs: Sequence[Fired]) -> None:
    """The rows with their records: two statements, in the caller's transaction."""
    made_at = timezone.now()
    for run in runs:
        run.values["created_at"] = made_at
    insert_given(ScheduleRun, [run.values for run in runs])
    insert_given(AuditEvent, _events(runs))


def move_on(following: Sequence[tuple[UUID, datetime | None]]) -> None:
    """Schedules go on with what comes next: one statement."""
    rows = [{"id": schedule_id, "next_run_at": moment} for schedule_id, moment in following]
    update_given(Schedule, rows, ("next_run_at",))


def _run(schedule: DueSchedule, calendar: calendars.Calendar, moment: datetime) -> Fired:
    facts = templating.ScheduleFacts(id=str(schedule.id), name=schedule.name, timezone=calendar.place, at=moment)
    values = _BLANK | {
        "id": uuid4(),
        "tenant_id": schedule.tenant_id,
        "schedule_id": schedule.id,
        "workflow_id": schedule.workflow_id,
        "workflow_key": schedule.workflow_key,
        "workflow_version": schedule.workflow_version,
        "trigger": Trigger.SCHEDULE.value,
        "state": RunState.DUE.value,
        "scheduled_for": moment,
        "available_at": moment + calendars.jitter_of(schedule.id, schedule.jitter_seconds),
        "identity_id": schedule.managed_identity_id,
        "secret_reference": schedule.secret_reference,
        "input_data": templating.resolve_schedule(schedule.input_data, facts),
        "correlation_id": context.new_correlation_id(),
    }
    return Fired(values, f"schedule:{schedule.name}")


def _events(runs: Sequence[Fired]) -> list[Given]:
    batches: dict[tuple[UUID, str], Batch] = {}
    told: list[Given] = []
    for run in runs:
        values = run.values
        key = values["tenant_id"], values["reason"]
        batch = batches.get(key)
        if batch is None:
            event = RunEvent.DUE if run.is_due else RunEvent.SKIPPED
            actor = Actor.system(ledger.SYSTEM, values["tenant_id"])
            batches[key] = batch = Batch(event, actor=actor, subject_kind="run", reason=values["reason"])
        told.append(
            batch.values(
                subject_id=values["id"],
                label=run.label,
                details={"scheduledFor": values["scheduled_for"].isoformat(), "code": values["code"]},
                correlation_id=values["correlation_id"],
                run_id=values["id"],
            )
        )
    return told
