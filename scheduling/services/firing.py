"""The clock's half of the ledger: occurrences that have come become runs, exactly once each."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber

from identities.statements.recordsets import find_given
from scheduling import calendar as calendars, templating
from scheduling.models import RunState, Schedule, ScheduleRun, Trigger
from scheduling.services import fired_rows, ledger, occurrences
from scheduling.services.fired_rows import DueSchedule, Fired

log = structlog.get_logger(__name__)

SCHEDULER = ledger.SYSTEM
#: One call writes about so many rows: a long outage is worked off between what comes on time, not before it.
MOST_ROWS = 1000
#: Schedules that have a run of the clock that is open, or one whose time comes now (a restored backup). Of the second
#: the newest is looked at: what an index of both columns answers at once, whatever else ever ran.
_HAVE_EARLIER = """
    SELECT given.id FROM {given} JOIN LATERAL (
        SELECT run.id FROM scheduling_schedulerun run
         WHERE run.schedule_id = given.id AND run.scheduled_for >= given.next_run_at
         ORDER BY run.scheduled_for DESC LIMIT 1) AS ahead ON true
    UNION SELECT given.id FROM {given} JOIN scheduling_schedulerun run
        ON run.schedule_id = given.id AND run.state IN ('due', 'claimed', 'running') AND run."trigger" = 'schedule'
"""
#: By expression and zone, from when to when: what comes for many schedules at once is worked out once.
Times = dict[tuple[str, str, datetime], tuple[calendars.Calendar, list[datetime], datetime | None]]


@dataclass(frozen=True, slots=True)
class Claim:
    """What one look at the clock made: ids of runs now due, how many occurrences were skipped, schedules that broke."""

    due: tuple[UUID, ...] = ()
    skipped: int = 0
    broken: int = 0


def claim_due(at: datetime, limit: int = 500) -> Claim:
    """Turn every occurrence at or before `at` into a row, for up to `limit` schedules, those in time first.

    Safe to call from any number of processes at once: the schedules' rows are locked (skipped when another holds them)
    and (schedule, scheduled_for) is unique. Where more are due than `limit`, tenants take turns. One transaction for
    all of them; a broken schedule (a zone that no longer exists) is logged and holds up no other. A run is made for an
    identity in any state: what comes of it is the run's outcome. Queries, however many are due: 1 when none is, else 8.
    """
    ids = _whose_turn(at, limit)
    if not ids:
        return Claim()
    try:
        return _claim(ids, at)
    except Exception:
        # What the database refuses of one, it refuses of all of them together.
        log.exception("schedules.claim_failed", schedules=len(ids))
        return _claim_one_by_one(ids, at)


def _whose_turn(at: datetime, limit: int) -> list[UUID]:
    due = Schedule.objects.filter(_is_due(at))
    ids = list(due.order_by("-next_run_at").values_list("id", flat=True)[: limit + 1])
    if len(ids) <= limit:
        return ids
    place = Window(RowNumber(), partition_by="tenant_id", order_by=F("next_run_at").desc())
    in_turn = due.annotate(place=place).order_by("place", "-next_run_at")
    return list(in_turn.values_list("id", flat=True)[:limit])


def _claim_one_by_one(ids: Iterable[UUID], at: datetime) -> Claim:
    made: list[UUID] = []
    skipped = broken = 0
    for schedule_id in ids:
        if len(made) + skipped >= MOST_ROWS:
            break
        try:
            claim = _claim([schedule_id], at)
        except Exception:
            broken += 1
            log.exception("schedule.claim_failed", schedule_id=str(schedule_id))
            continue
        made += claim.due
        skipped += claim.skipped
        broken += claim.broken
    return Claim(due=tuple(made), skipped=skipped, broken=broken)


def _is_due(at: datetime) -> Q:
    return Q(next_run_at__lte=at, is_enabled=True, deleted_at=None)


def claim_pending(schedule_id: UUID, at: datetime) -> Claim:
    """Turn what has come for one schedule into rows before it is edited: an edit is for what comes after it."""
    return _claim([schedule_id], at, is_strict=True)


@transaction.atomic
def pass_over(schedule_id: UUID, *, until: datetime, code: str, reason: str, at: datetime) -> tuple[int, bool]:
    """Give the next occurrences up to `until`, at most `occurrences.LOOK`, a row that says they were skipped.

    How many, and whether there are more. The schedule goes on with the first that has no row.
    """
    rows = Schedule.objects.select_for_update(no_key=True, of=("self",)).filter(_is_due(until), id=schedule_id)
    schedule = next((DueSchedule._make(row) for row in rows.values_list(*fired_rows.READ)), None)
    if schedule is None:
        return 0, False
    calendar = calendars.parse(schedule.cron_expression, schedule.timezone)
    first = schedule.next_run_at
    passed = [first, *calendars.occurrences_between(calendar, first, until, occurrences.LOOK - 1)]
    known = set(
        ScheduleRun.objects.filter(schedule_id=schedule.id, scheduled_for__in=passed).values_list(
            "scheduled_for", flat=True
        )
    )
    look = occurrences.Look(skip=tuple(occurrences.Skip(moment, code, reason) for moment in passed))
    made = fired_rows.rows_of(schedule, calendar, look, known, at)
    fired_rows.write(made)
    following = calendars.next_after(calendar, passed[-1])
    fired_rows.move_on([(schedule.id, following)])
    return len(made), following is not None and following <= until


@transaction.atomic
def _claim(ids: list[UUID], at: datetime, *, is_strict: bool = False) -> Claim:
    """Rows for what has come of these, in their order, until there are `MOST_ROWS`.

    One that is broken is logged and left; `is_strict`: its error is raised.
    """
    schedules = _locked(ids, at)
    earlier = _earlier(schedules)
    made: list[Fired] = []
    done: list[tuple[UUID, datetime | None]] = []
    times: Times = {}
    broken = 0
    for schedule in schedules:
        if len(made) >= MOST_ROWS:
            break
        try:
            runs, following = _look(schedule, earlier.get(schedule.id, []), at, times)
        except (calendars.BadExpression, calendars.BadTimezone, templating.BadTemplate):
            if is_strict:
                raise
            broken += 1
            log.exception("schedule.claim_failed", schedule_id=str(schedule.id))
            continue
        made += runs
        done.append((schedule.id, following))
    fired_rows.write(made)
    fired_rows.move_on(done)
    due = tuple(run.values["id"] for run in made if run.is_due)
    return Claim(due=due, skipped=len(made) - len(due), broken=broken)


def _locked(ids: list[UUID], at: datetime) -> list[DueSchedule]:
    rows = Schedule.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
    found = rows.filter(_is_due(at), id__in=ids).order_by().values_list(*fired_rows.READ)
    place = {schedule_id: number for number, schedule_id in enumerate(ids)}
    return sorted(map(DueSchedule._make, found), key=lambda schedule: place[schedule.id])


def _earlier(schedules: Iterable[DueSchedule]) -> Mapping[UUID, list[ScheduleRun]]:
    """By schedule, its runs of the clock that are open, and those that have a row although their time comes now."""
    found: dict[UUID, list[ScheduleRun]] = defaultdict(list)
    ids = _have_earlier(schedules)
    if not ids:
        return found
    rows = ScheduleRun.objects.filter(trigger=Trigger.SCHEDULE, schedule_id__in=ids).order_by()
    ahead = rows.filter(scheduled_for__gte=F("schedule__next_run_at"))
    for run in rows.filter(state__in=RunState.open()).union(ahead):
        found[run.schedule_id].append(run)
    return found


def _have_earlier(schedules: Iterable[DueSchedule]) -> list[UUID]:
    """Of most there is none: on PostgreSQL only those of whom there is one are asked for it."""
    if connection.vendor != "postgresql":
        return [schedule.id for schedule in schedules]
    given = [{"id": schedule.id, "next_run_at": schedule.next_run_at} for schedule in schedules]
    return [schedule_id for (schedule_id,) in find_given(_HAVE_EARLIER, Schedule, given)]


def _look(
    schedule: DueSchedule, earlier: list[ScheduleRun], at: datetime, times: Times
) -> tuple[list[Fired], datetime | None]:
    """The rows for what has come of one schedule, and what it goes on with."""
    key = (schedule.cron_expression, schedule.timezone, schedule.next_run_at)
    calendar, due, following = times[key] = times.get(key) or _times(*key, at)
    look = _decide(schedule, due, earlier, at)
    runs = fired_rows.rows_of(schedule, calendar, look, {run.scheduled_for for run in earlier}, at)
    if look.cancels:
        _cancel(schedule, [run for run in earlier if run.is_open], at)
    return runs, look.rest[0] if look.rest else following


def _times(
    expression: str, timezone: str, first: datetime, at: datetime
) -> tuple[calendars.Calendar, list[datetime], datetime | None]:
    """What has come from `first` to `at`, at most `LOOK`, and what comes after it."""
    calendar = calendars.parse(expression, timezone)
    due = [first]
    following = calendars.next_after(calendar, first)
    while following is not None and following <= at and len(due) < occurrences.LOOK:
        due.append(following)
        following = calendars.next_after(calendar, following)
    # What lies beyond the horizon of the last that has come may lie within that of now.
    return calendar, due, following or calendars.next_after(calendar, max(at, due[-1]))


def _decide(
    schedule: DueSchedule, due: list[datetime], earlier: Iterable[ScheduleRun], at: datetime
) -> occurrences.Look:
    now_open = [run for run in earlier if run.is_open]
    return occurrences.admit(
        occurrences.sort(due, policy=schedule.misfire_policy, at=at),
        policy=schedule.overlap_policy,
        limit=schedule.overlap_limit,
        is_open=len(now_open),
        is_waiting=sum(run.started_at is None and run.state == RunState.DUE for run in now_open),
    )


def _cancel(schedule: DueSchedule, runs: Iterable[ScheduleRun], at: datetime) -> None:
    """Overlap policy cancel_previous: what nobody works on ends here, the rest ends before its next step."""
    named = Schedule(id=schedule.id, name=schedule.name, tenant_id=schedule.tenant_id)
    for run in runs:
        run.schedule, run.cancel_reason = named, "A later occurrence came"
        asked = ScheduleRun.objects.filter(id=run.id, state__in=RunState.open(), cancel_requested_at=None)
        if asked.update(cancel_requested_at=at, cancel_requested_by=SCHEDULER, cancel_reason=run.cancel_reason):
            run.cancel_requested_at = at
        if run.state == RunState.DUE and (end := ledger.untaken_end(run, at)):
            ledger.end_untaken(run, end, at=at)
