"""The clock's half of the ledger: occurrences that have come become runs, exactly once each."""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q

from audit import context, services as audit
from audit.actors import Actor
from scheduling import calendar as calendars, templating
from scheduling.events import RunEvent
from scheduling.models import RunState, Schedule, ScheduleRun, Trigger
from scheduling.services import ledger, occurrences

log = structlog.get_logger(__name__)

SCHEDULER = ledger.SYSTEM
#: One call writes about so many rows: a long outage is worked off between what comes on time, not before it.
MOST_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Claim:
    """What one look at the clock made: ids of runs now due, how many occurrences were skipped, schedules that broke."""

    due: tuple[UUID, ...] = ()
    skipped: int = 0
    broken: int = 0


def claim_due(at: datetime, limit: int = 500) -> Claim:
    """Turn every occurrence at or before `at` into a row, for up to `limit` schedules, those in time first.

    Safe to call from any number of processes at once: the schedule's row is locked (skipped when another holds it) and
    (schedule, scheduled_for) is unique. One short transaction a schedule, so that a broken one (a zone that no longer
    exists) is logged and holds up no other. A run is made for an identity in any state: what comes of it is the run's
    outcome. Queries for one schedule that fires once: 5.
    """
    ids = Schedule.objects.filter(_is_due(at)).order_by("-next_run_at").values_list("id", flat=True)[:limit]
    made: list[UUID] = []
    skipped = broken = 0
    for schedule_id in list(ids):
        if len(made) + skipped >= MOST_ROWS:
            break
        try:
            claim = _claim(schedule_id, at)
        except Exception:
            broken += 1
            log.exception("schedule.claim_failed", schedule_id=str(schedule_id))
            continue
        made += claim.due
        skipped += claim.skipped
    return Claim(due=tuple(made), skipped=skipped, broken=broken)


def _is_due(at: datetime) -> Q:
    return Q(next_run_at__lte=at, is_enabled=True, deleted_at=None)


def claim_pending(schedule_id: UUID, at: datetime) -> Claim:
    """Turn what has come for one schedule into rows before it is edited: an edit is for what comes after it."""
    return _claim(schedule_id, at)


@transaction.atomic
def _claim(schedule_id: UUID, at: datetime) -> Claim:
    schedule = (
        Schedule.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .select_related("workflow")
        .filter(_is_due(at), id=schedule_id)
        .first()
    )
    if schedule is None or schedule.next_run_at is None:
        return Claim()
    calendar = calendars.parse(schedule.cron_expression, schedule.timezone)
    first = schedule.next_run_at
    due = [first, *calendars.occurrences_between(calendar, first, at, occurrences.LOOK - 1)]
    earlier = list(
        ScheduleRun.objects.filter(schedule=schedule, trigger=Trigger.SCHEDULE).filter(
            Q(state__in=RunState.open()) | Q(scheduled_for__in=due)
        )
    )
    look = _decide(schedule, due, earlier, at)
    if look.cancels:
        _cancel(schedule, [run for run in earlier if run.is_open], at)
    known = {run.scheduled_for for run in earlier}
    runs = _insert(schedule, calendar, look, known, at)
    schedule.next_run_at = look.rest[0] if look.rest else calendars.next_after(calendar, max(at, due[-1]))
    schedule.save(update_fields=["next_run_at"])
    return Claim(
        due=tuple(run.id for run in runs if run.state == RunState.DUE),
        skipped=sum(run.state == RunState.SKIPPED for run in runs),
    )


def _decide(schedule: Schedule, due: list[datetime], earlier: Iterable[ScheduleRun], at: datetime) -> occurrences.Look:
    now_open = [run for run in earlier if run.is_open]
    return occurrences.admit(
        occurrences.sort(due, policy=schedule.misfire_policy, at=at),
        policy=schedule.overlap_policy,
        limit=schedule.overlap_limit,
        is_open=len(now_open),
        is_waiting=sum(run.started_at is None and run.state == RunState.DUE for run in now_open),
    )


def _insert(
    schedule: Schedule,
    calendar: calendars.Calendar,
    look: occurrences.Look,
    known: Container[datetime | None],
    at: datetime,
) -> list[ScheduleRun]:
    """Rows and records for what was decided; an occurrence that has a row already (a restored backup) keeps it."""
    runs = [_run(schedule, calendar, moment) for moment in look.run if moment not in known]
    runs += [_skipped(_run(schedule, calendar, skip.at), skip, at) for skip in look.skip if skip.at not in known]
    ScheduleRun.objects.bulk_create(runs, batch_size=100)
    for run in runs:
        _record(run)
    return runs


def _run(schedule: Schedule, calendar: calendars.Calendar, moment: datetime) -> ScheduleRun:
    facts = templating.ScheduleFacts(id=str(schedule.id), name=schedule.name, timezone=calendar.place, at=moment)
    return ScheduleRun(
        tenant_id=schedule.tenant_id,
        schedule=schedule,
        workflow_id=schedule.workflow_id,
        workflow_key=schedule.workflow.key,
        workflow_version=schedule.workflow.version,
        trigger=Trigger.SCHEDULE,
        scheduled_for=moment,
        available_at=moment + calendars.jitter_of(schedule.id, schedule.jitter_seconds),
        identity_id=schedule.managed_identity_id,
        secret_reference=schedule.secret_reference,
        input_data=templating.resolve_schedule(schedule.input_data, facts),
        correlation_id=context.new_correlation_id(),
    )


def _skipped(run: ScheduleRun, skip: occurrences.Skip, at: datetime) -> ScheduleRun:
    run.state, run.code, run.reason, run.finished_at = RunState.SKIPPED, skip.code, skip.reason, at
    return run


def _record(run: ScheduleRun) -> None:
    event = RunEvent.SKIPPED if run.state == RunState.SKIPPED else RunEvent.DUE
    with context.bound(correlation_id=run.correlation_id, run_id=run.id):
        audit.record(
            event,
            actor=Actor.system(SCHEDULER, run.tenant_id),
            subject=run.subject,
            reason=run.reason,
            details={"scheduledFor": run.scheduled_for.isoformat() if run.scheduled_for else None, "code": run.code},
        )


def _cancel(schedule: Schedule, runs: Iterable[ScheduleRun], at: datetime) -> None:
    """Overlap policy cancel_previous: what nobody works on ends here, the rest ends before its next step."""
    for run in runs:
        run.schedule, run.cancel_reason = schedule, "A later occurrence came"
        asked = ScheduleRun.objects.filter(id=run.id, state__in=RunState.open(), cancel_requested_at=None)
        if asked.update(cancel_requested_at=at, cancel_requested_by=SCHEDULER, cancel_reason=run.cancel_reason):
            run.cancel_requested_at = at
        if run.state == RunState.DUE and (end := ledger.untaken_end(run, at)):
            ledger.end_untaken(run, end, at=at)
