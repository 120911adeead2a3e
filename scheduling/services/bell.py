"""Which runs the queue should be told of, and when the clock was last seen alive."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from scheduling.models import Pulse, RunState, ScheduleRun
from scheduling.services import limits


def take_ringing(at: datetime, limit: int = 200) -> list[UUID]:
    """Ids of runs to send to the queue now, oldest first, marked as sent.

    A message is only a bell: one that nobody took is sent again after 15 s, one sent twice wakes a worker for nothing.
    """
    silent = Q(rung_at=None) | Q(rung_at__lte=at - limits.RING_AGAIN)
    ready = ScheduleRun.objects.filter(silent, state=RunState.DUE, available_at__lte=at)
    ids = list(ready.order_by("available_at").values_list("id", flat=True)[:limit])
    if ids:
        ScheduleRun.objects.filter(id__in=ids, state=RunState.DUE).update(rung_at=at)
    return ids


def mark_rung(run_id: UUID, at: datetime) -> None:
    """A face has sent this run to the queue itself (run now)."""
    ScheduleRun.objects.filter(id=run_id, state=RunState.DUE).update(rung_at=at)


def beat(name: str, at: datetime) -> None:
    """`name` (`tick`, `sweep`) did its round to the end at `at`."""
    Pulse.objects.update_or_create(name=name, defaults={"beat_at": at})


def last_beat(name: str = "tick") -> datetime | None:
    """When `name` last did its round; None when it never did. For readiness: a tick older than 10 s is a dead clock."""
    return Pulse.objects.filter(name=name).values_list("beat_at", flat=True).first()
