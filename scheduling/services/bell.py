"""Which runs the queue should be told of, and when the clock was last seen alive."""

from collections import Counter
from datetime import datetime
from uuid import UUID

from django.db.models import Case, Count, Q, Value, When, Window
from django.db.models.functions import RowNumber

from identities.statements.rows import update_where
from scheduling.models import Pulse, RunState, ScheduleRun
from scheduling.services import limits


def take_ringing(at: datetime, limit: int = 200) -> list[UUID]:
    """Ids of runs to send to the queue now, tenants in turn and each one's oldest first, marked as sent.

    A message is only a bell: one that nobody took is sent again after 15 s, one sent twice wakes a worker for nothing.
    The queue holds no more than `limits.handed_over` of them: it is served in its order, so that whoever is due next
    waits for those alone, and not for ten thousand of somebody else. Nothing is sent for tenants and identities that
    work on as many as they may. Queries: 1 when nothing is due, else up to 5.
    """
    again = at - limits.RING_AGAIN
    due = ScheduleRun.objects.filter(state=RunState.DUE)
    ready = due.filter(Q(rung_at=None) | Q(rung_at__lte=again), available_at__lte=at)
    ids = list(ready.order_by("available_at").values_list("id", flat=True)[: limit + 1])
    if not ids:
        return []
    sent = due.filter(rung_at__gt=again).order_by().values_list("tenant_id").annotate(number=Count("id"))
    waiting: dict[UUID, int] = dict(sent)
    room = min(limit, limits.handed_over() - sum(waiting.values()))
    if room <= 0:
        return []
    busy = _working_at_most()
    if busy or len(ids) > room:
        ready = ready.exclude(busy) if busy else ready
        # Whoever has messages in the queue has had so many turns.
        turns = [When(tenant_id=tenant_id, then=Value(number)) for tenant_id, number in waiting.items()]
        place = Window(RowNumber(), partition_by="tenant_id", order_by="available_at")
        in_turn = ready.annotate(place=place + Case(*turns, default=Value(0))).order_by("place", "available_at")
        ids = list(in_turn.values_list("id", flat=True)[:room])
    ScheduleRun.objects.filter(id__in=ids, state=RunState.DUE).update(rung_at=at)
    return ids


def is_behind(at: datetime) -> bool:
    """Whether runs that the queue was told of wait for a worker: then whatever can wait gives way to them. One query.

    What waits for its turn, under a cap, is no sign of it: the queue is not told of that.
    """
    told = Q(rung_at__gt=at - limits.RING_AGAIN, rung_at__lte=at - limits.TAKEN_AT_ONCE)
    return ScheduleRun.objects.filter(told, state=RunState.DUE).exists()


def _working_at_most() -> Q:
    """Runs that would only be sent back: their tenant or identity works on as many as it may."""
    held = ScheduleRun.objects.filter(state__in=(RunState.CLAIMED, RunState.RUNNING)).order_by()
    of_tenant, of_identity = Counter[UUID](), Counter[tuple[UUID, UUID]]()
    for tenant_id, identity_id, number in held.values_list("tenant_id", "identity_id").annotate(number=Count("id")):
        of_tenant[tenant_id] += number
        of_identity[tenant_id, identity_id] += number
    full = [tenant_id for tenant_id, number in of_tenant.items() if number >= limits.runs_per_tenant()]
    busy = [key for key, number in of_identity.items() if number >= limits.runs_per_identity()]
    found = Q(tenant_id__in=full) if full else Q()
    for tenant_id, identity_id in busy:
        found |= Q(tenant_id=tenant_id, identity_id=identity_id)
    return found


def mark_rung(run_id: UUID, at: datetime) -> None:
    """A face has sent this run to the queue itself (run now)."""
    ScheduleRun.objects.filter(id=run_id, state=RunState.DUE).update(rung_at=at)


def beat(name: str, at: datetime) -> None:
    """`name` (`tick`, `sweep`) did its round to the end at `at`."""
    if not update_where(Pulse, {"beat_at": at}, name=name):
        Pulse.objects.update_or_create(name=name, defaults={"beat_at": at})


def last_beat(name: str = "tick") -> datetime | None:
    """When `name` last did its round; None when it never did. For readiness: a tick older than 10 s is a dead clock."""
    return Pulse.objects.filter(name=name).values_list("beat_at", flat=True).first()
