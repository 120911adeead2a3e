"""How often each of the two was used while they overlap, in columns of equal width."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from identities.credentials.models import Rotation, SecretUse
from identities.credentials.rotation_rows import pair
from identities.credentials.rotation_selectors import marks_of

MOST_COLUMNS = 48
EPOCH = datetime(2000, 1, 3, tzinfo=UTC)
#: Columns as people read them, the finest that still fits.
STEPS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720, 1440, 2880, 10080, 86400))


@dataclass(frozen=True, slots=True)
class Column:
    """One span of time, from `at`: how often the old one was used in it, and the new one."""

    at: datetime
    old: int
    new: int


@dataclass(frozen=True, slots=True)
class Use:
    """Every column since the overlap began, each `step` wide; the last one goes on while the rotation does."""

    step: timedelta
    columns: Sequence[Column]


def use_of(rotation: Rotation, *, at: datetime) -> Use:
    """How often each of the two was used since the overlap began, until it ended or `at`; one query."""
    since, until = rotation.started_at, rotation.ended_at or at
    # A use is counted in the minute that it is in: the first of them may have begun before the overlap.
    spans = SecretUse.objects.filter(marks_of(rotation), at__gte=since - timedelta(minutes=1), at__lte=until)
    used = [(span.credential_id, span.at, span.uses) for span in spans.order_by()]
    old, new = pair(rotation)
    return in_columns(used, old=old.pk, new=new.pk, since=since, until=until)


def in_columns(
    used: Sequence[tuple[UUID, datetime, int]], *, old: UUID, new: UUID, since: datetime, until: datetime
) -> Use:
    """From `since` to `until`, at most `MOST_COLUMNS` wherever a step is wide enough. Pure."""
    step = next((step for step in STEPS if (until - since) / step <= MOST_COLUMNS - 1), STEPS[-1])
    first = _floor(since, step)
    counts: Counter[tuple[UUID, datetime]] = Counter()
    for credential_id, at, uses in used:
        counts[credential_id, max(_floor(at, step), first)] += uses
    starts = [first + step * place for place in range(int((until - first) / step) + 1)]
    return Use(step, [Column(start, counts[old, start], counts[new, start]) for start in starts])


def _floor(at: datetime, step: timedelta) -> datetime:
    return EPOCH + (at - EPOCH) // step * step
