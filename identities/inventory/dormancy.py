"""Whether an identity is silent for longer than its cadence explains (S3-23, a2-9). Pure.

A yearly job is not dormant on day 89, a per-minute sync is after two hours. What nobody observes is not dormant but
unobserved: silence says nothing where nobody listens.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from identities.inventory import rhythm
from identities.inventory.vocabulary import UseState

LEAST = timedelta(hours=2)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Cadence:
    """The longest regular gap between two uses, and who says so: "stated", "schedule", or "" where nobody does.

    `allowed` is the silence that is still normal.
    """

    gap: timedelta | None
    origin: str
    allowed: timedelta


@dataclass(frozen=True, slots=True)
class Use:
    """What is known of an identity's use. `dormant_from` is when silence alone makes it dormant; None: never."""

    state: UseState
    cadence: Cadence
    dormant_from: datetime | None


def allowed_silence(gap: timedelta) -> timedelta:
    """The silence that a regular `gap` explains: the gap and two more of them (at most two days), or a quarter of it.

    At least two hours, so that a late start, a restart or a slow report raises no alarm.
    """
    return max(LEAST, gap + max(2 * min(gap, ONE_DAY), gap / 4))


def cadence_of(*, stated: str, scheduled_seconds: int | None, default_days: int) -> Cadence:
    """The cadence to judge by: as stated, else as its schedules make it, else none and `default_days` of silence."""
    seconds, origin = rhythm.seconds_of(stated), "stated"
    if seconds is None:
        seconds, origin = scheduled_seconds, "schedule"
    if not seconds:
        return Cadence(gap=None, origin="", allowed=timedelta(days=default_days))
    gap = timedelta(seconds=min(seconds, rhythm.LONGEST))
    return Cadence(gap=gap, origin=origin, allowed=allowed_silence(gap))


def judge(
    *, last_used_at: datetime | None, began_at: datetime, is_observed: bool, cadence: Cadence, at: datetime
) -> Use:
    """What `at` can be said. `is_observed`: we see it ourselves, so that never used since `began_at` is silence too."""
    heard = last_used_at or (began_at if is_observed else None)
    if heard is None:
        return Use(UseState.UNOBSERVED, cadence, None)
    try:
        dormant_from = heard + cadence.allowed
    except OverflowError:
        # A source said the year 9999: no silence can follow it.
        return Use(UseState.USED, cadence, None)
    return Use(UseState.DORMANT if dormant_from <= at else UseState.USED, cadence, dormant_from)
