"""Whether a failed run is tried again, and when. Pure but for the dice."""

import random
from datetime import datetime, timedelta

from scheduling.models import ScheduleRun
from scheduling.runner.endings import Stop
from scheduling.services import limits

#: Client errors say that the same request will fail again; these two say: later.
WORTH_REPEATING = frozenset({408, 429})
FACTOR = 2
JITTER = 0.25


def next_attempt_at(run: ScheduleRun, stop: Stop, at: datetime) -> datetime | None:
    """When the next attempt is due, or None: a refusal, a 4xx but 408 and 429, or no attempt left (S1-20)."""
    if not stop.may_retry or run.attempt >= run.schedule.max_attempts:
        return None
    if stop.status is not None and 400 <= stop.status < 500 and stop.status not in WORTH_REPEATING:
        return None
    return at + backoff(run.schedule.backoff_seconds, run.attempt, chance=random.random())  # noqa: S311 - no secret


def backoff(seconds: int, attempt: int, *, chance: float) -> timedelta:
    """After the first attempt `seconds`, then twice as long each time up to an hour; and up to a quarter by chance."""
    asked = timedelta(seconds=seconds)
    factor: int = FACTOR ** (attempt - 1)
    plain = min(asked * factor, max(asked, limits.LONGEST_BACKOFF))
    return plain * (1 + JITTER * chance)
