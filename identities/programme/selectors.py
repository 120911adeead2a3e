"""Asking for numbers: live for a slice, or as the day's snapshot has them; and how they went over the last days."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Q

from identities.programme.arithmetic import Number, added, conclude
from identities.programme.counting import count_around, count_everything, count_register, whole
from identities.programme.models import DailySnapshot, SavedFilter
from identities.programme.slices import Slice

#: A register as small as this is counted when somebody asks; of a larger one the last count is shown, with its time.
LIVE_UP_TO = 10_000
LONGEST_TREND = 366
Numbers = Mapping[str, Number]


@dataclass(frozen=True, slots=True)
class Day:
    """The numbers of a day, as they last were on it."""

    day: date
    numbers: Numbers
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """The numbers now, when they were counted, and the days before (oldest first, today's snapshot last)."""

    numbers: Numbers
    counted_at: datetime
    days: Sequence[Day]

    def before(self, days: int) -> Day | None:
        """The latest day at least so many days before the count; None where none was kept."""
        limit = self.counted_at.date() - timedelta(days=days)
        return next((day for day in reversed(self.days) if day.day <= limit), None)


def numbers_of(slice_: Slice, at: datetime) -> dict[str, Number]:
    """Every number of a slice, counted now. Some twelve statements, whatever its size."""
    total = whole(count_everything(slice_, at))
    count_around(slice_, at, total)
    return conclude(total)


def trend(slice_: Slice, *, days: int, at: datetime) -> list[Day]:
    """The last `days` days of a tenant, a team or several tenants together, oldest first. One query.

    A pilot has no days of its own: nothing is kept of it.
    """
    if slice_.is_pilot:
        return []
    of_team = Q(team=None) if slice_.team_id is None else Q(team_id=slice_.team_id)
    since = at.date() - timedelta(days=min(days, LONGEST_TREND))
    rows = DailySnapshot.objects.filter(slice_.rows(), of_team, day__gt=since)
    by_day: dict[date, list[DailySnapshot]] = defaultdict(list)
    for row in rows.filter(day__lte=at.date()).order_by("day"):
        by_day[row.day].append(row)
    return [_day(day, kept) for day, kept in sorted(by_day.items())]


def standing(slice_: Slice, *, days: int, at: datetime) -> Standing:
    """The numbers as a page shows them: two statements.

    The register's own counts are live while it is small; everything else is as of the last count.
    """
    known = trend(slice_, days=days, at=at)
    last = known[-1] if known else None
    size = last.numbers["total"].value if last is not None else None
    if last is not None and size is not None and size > LIVE_UP_TO:
        return Standing(last.numbers, last.taken_at, known)
    fresh = conclude(whole(count_register(slice_, at)))
    if last is None:
        return Standing(fresh, at, known)
    merged = {key: _fresher(fresh[key], last.numbers[key]) for key in fresh}
    return Standing(merged, at, known)


def filters_of(user_id: UUID, tenant_ids: Collection[UUID] | None, page: str) -> list[SavedFilter]:
    """The saved filters of a list that this person sees: their own, and those shared in the tenants shown."""
    own = SavedFilter.objects.filter(page=page, owner_id=user_id)
    shared = SavedFilter.objects.filter(page=page, is_shared=True)
    shared = shared if tenant_ids is None else shared.filter(tenant_id__in=tenant_ids)
    return list((own | shared).order_by("name", "id")[:60])


def _day(day: date, rows: Iterable[DailySnapshot]) -> Day:
    kept = list(rows)
    return Day(day, added(row.numbers for row in kept), max(row.taken_at for row in kept))


def _fresher(fresh: Number, kept: Number) -> Number:
    return fresh if fresh.value is not None else kept
