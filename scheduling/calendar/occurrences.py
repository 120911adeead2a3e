"""When an expression falls, in UTC. The only module that knows cronsim.

cronsim is asked on the wall clock alone; the zone is laid over its answers here, because its own walk over a jump of
half an hour (Lord Howe) loses the minutes of the hours behind it, and it can answer with an instant already past.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import UUID
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from scheduling.calendar.expression import BadExpression, Expression, parse as parse_expression
from scheduling.calendar.zones import ONE_SECOND, first_jump, offset, zone

HORIZON = timedelta(days=8 * 365 + 2)
MOST_JITTER_SECONDS = 300
LAST_YEAR = 9900


@dataclass(frozen=True)
class Calendar:
    """An expression in a zone."""

    expression: Expression
    place: ZoneInfo


@dataclass(frozen=True)
class Occurrence:
    """One instant, in UTC and on the clock of the schedule's zone."""

    utc: datetime
    local: datetime


def parse(expression: str, timezone: str) -> Calendar:
    """Understand both or raise BadExpression or BadTimezone with the reason."""
    return Calendar(parse_expression(expression), zone(timezone))


def next_after(calendar: Calendar, at: datetime) -> datetime | None:
    """The first occurrence strictly after `at`, in UTC; None when none comes within eight years."""
    at = at.astimezone(UTC).replace(microsecond=0)
    if at.year > LAST_YEAR:
        return None
    found = _next_fixed(calendar, at) if calendar.expression.is_fixed_time else _next_interval(calendar, at)
    return found if found is not None and found <= at + HORIZON else None


def occurrences_between(calendar: Calendar, since: datetime, until: datetime, cap: int) -> list[datetime]:
    """The occurrences in (since, until], earliest first, at most `cap`."""
    found: list[datetime] = []
    at: datetime | None = since
    while len(found) < cap and at is not None and (at := next_after(calendar, at)) is not None and at <= until:
        found.append(at)
    return found


def upcoming(calendar: Calendar, at: datetime, count: int) -> list[Occurrence]:
    """The next `count` occurrences strictly after `at` (fewer when eight years hold fewer)."""
    return list(islice(_walk(calendar, at), count))


def jitter_of(schedule_id: UUID, jitter_seconds: int) -> timedelta:
    """How much later than its occurrence a schedule starts: 0 to `jitter_seconds`, always the same for one schedule."""
    if jitter_seconds <= 0:
        return timedelta()
    digest = hashlib.sha256(schedule_id.bytes).digest()
    return timedelta(seconds=int.from_bytes(digest[:8]) % (min(jitter_seconds, MOST_JITTER_SECONDS) + 1))


def _walk(calendar: Calendar, at: datetime) -> Iterator[Occurrence]:
    found = next_after(calendar, at)
    while found is not None:
        yield Occurrence(utc=found, local=found.astimezone(calendar.place))
        found = next_after(calendar, found)


def _walls(expression: Expression, wall: datetime) -> Iterator[datetime]:
    """Matching times of a clock that never jumps, strictly after `wall`."""
    try:
        return CronSim(expression.text, wall)
    except CronSimError as error:
        raise BadExpression(str(error)) from error


def _next_fixed(calendar: Calendar, at: datetime) -> datetime | None:
    for wall in _walls(calendar.expression, at + offset(calendar.place, at)):
        instant = _first_valid(calendar.place, wall)
        # In an overlap's second pass the next walls may have had their turn in the first.
        if instant > at:
            return instant
    return None


def _first_valid(place: ZoneInfo, wall: datetime) -> datetime:
    """`wall` (a wall clock dressed as UTC) as an instant: the first pass of an overlap, the end of a gap."""
    instant = wall.replace(tzinfo=place, fold=0).astimezone(UTC)
    other = wall.replace(tzinfo=place, fold=1).astimezone(UTC)
    if other < instant:
        # Only in a gap is the reading before the jump the later one; the jump lies between the two.
        return first_jump(place, other, instant) or instant
    return instant


def _next_interval(calendar: Calendar, at: datetime) -> datetime | None:
    """Between two jumps the clock is even, so look in one such stretch after the other."""
    stretch, look_from, shift = at, at, offset(calendar.place, at)
    while stretch <= at + HORIZON:
        wall = next(_walls(calendar.expression, look_from + shift), None)
        if wall is None:
            return None
        jump = first_jump(calendar.place, stretch, min(wall - shift, at + HORIZON))
        if jump is None:
            return wall - shift
        stretch, look_from, shift = jump, jump - ONE_SECOND, offset(calendar.place, jump)
    return None
