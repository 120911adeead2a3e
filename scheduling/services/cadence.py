"""How often a schedule lets its identity show itself: the longest gap that is still regular, kept on its row.

An identity with several schedules is heard at each of them, so the shortest of their longest gaps counts: silent for
longer than that, the most frequent of them has stopped.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from uuid import UUID

from django.utils import timezone

from identities.inventory import posture
from identities.inventory.models import ManagedIdentity
from identities.inventory.standards import Standards
from identities.inventory.supplies.base import Supply
from scheduling import calendar as calendars
from scheduling.models import Schedule

#: Enough days to see every gap of a year, and all of them where days are rare.
MOST_DAYS = 800
#: Weekdays and leap years come round in this time: no rare day ("Sunday the 31st of January") has a longer gap.
ROUND = timedelta(days=28 * 366)
#: Gaps are looked for from one fixed day, so that a schedule has one cadence, whenever it is asked for.
FIRST_DAY = datetime(2027, 12, 31, 12, tzinfo=UTC)


def longest_gap(cron_expression: str) -> timedelta | None:
    """The longest time between two occurrences that follow each other; None where there are never two.

    On a clock that never jumps: what a zone's jump adds, an hour at most, is far within the silence that is allowed.
    Raises BadExpression.
    """
    expression = calendars.parse(cron_expression, "UTC").expression
    minutes = sorted(60 * hour + minute for hour in expression.hour.values for minute in expression.minute.values)
    within = timedelta(minutes=max((later - earlier for earlier, later in pairwise(minutes)), default=0))
    between = _longest_gap_of_days(expression.text.split(maxsplit=2)[2])
    if between is None:
        return within or None
    return max(within, between - timedelta(minutes=minutes[-1] - minutes[0]))


@lru_cache(maxsize=1024)
def _longest_gap_of_days(day_fields: str) -> timedelta | None:
    """The same for whole days: one occurrence at midnight stands for all of its day."""
    calendar = calendars.parse(f"0 0 {day_fields}", "UTC")
    days = calendars.occurrences_between(calendar, FIRST_DAY, FIRST_DAY + ROUND, MOST_DAYS)
    return max((later - earlier for earlier, later in pairwise(days)), default=None)


def refresh(identity_ids: Collection[UUID]) -> None:
    """Schedules of these identities have changed: bring cadence and verdict up to date, in this transaction."""
    posture.refresh(identity_ids, at=timezone.now())


class ScheduleCadence(Supply):
    """`schedule_cadence_seconds`; null without a schedule that is going and recurs."""

    kind = "schedules"
    columns = ("schedule_cadence_seconds",)

    def fill(self, identities: Sequence[ManagedIdentity], *, standards: Mapping[UUID, Standards], at: datetime) -> None:
        rows = Schedule.objects.filter(
            managed_identity_id__in=[identity.pk for identity in identities], is_enabled=True, deleted_at=None
        ).order_by()
        gaps: dict[tuple[UUID, UUID], list[timedelta]] = defaultdict(list)
        for tenant_id, identity_id, text in rows.values_list("tenant_id", "managed_identity_id", "cron_expression"):
            if (gap := _gap(text)) is not None:
                gaps[tenant_id, identity_id].append(gap)
        for identity in identities:
            found = gaps.get((identity.tenant_id, identity.pk))
            identity.schedule_cadence_seconds = int(min(found).total_seconds()) if found else None


def _gap(text: str) -> timedelta | None:
    try:
        return longest_gap(text)
    except calendars.BadExpression:
        return None
