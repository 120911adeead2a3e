"""Deliveries leave: one at a time under a lease, again later where they are not taken, given up in plain sight."""

from datetime import datetime, timedelta
from secrets import randbelow
from time import monotonic
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor, Subject
from audit.events import Outcome
from identities.errors import Conflict, Missing
from identities.events import DeliveryEvent
from identities.notifications.models import Channel, Delivery, DeliveryState
from identities.notifications.opening import message_of, opened
from identities.notifications.sinks.base import SinkFailed
from identities.people import notices
from identities.people.selectors import active_admins

log = structlog.get_logger(__name__)
SYSTEM = "notifications"
#: Seconds from one try to the next; after the last it is given up.
PAUSES = (5, 30, 120, 600, 3600, 21_600)
#: How much longer a pause may be, in parts of a hundred, so that not all come back at once.
JITTER = 20
#: So long nobody else sends what a worker took: longer than any sink takes.
LEASE = timedelta(seconds=60)
AT_ONCE, SECONDS = 50, 20.0
KEPT = timedelta(days=30)


def send_due(at: datetime, *, limit: int = AT_ONCE) -> int:
    """Send what is due, the oldest first; answers how many left. Where nothing waits: one query.

    Each is taken for the length of the lease before the network is spoken to, outside of any transaction. A worker that
    dies in between sends it once more after that, with the same id, never not at all. A channel that fails is left
    alone for the rest of the round.
    """
    failed: set[UUID] = set()
    sent, until = 0, monotonic() + SECONDS
    for _ in range(limit):
        if monotonic() > until or not _due(at, failed).exists():
            break
        delivery = _take(at, failed)
        if delivery is None:
            break
        if _send(delivery):
            sent += 1
        else:
            failed.add(delivery.channel_id)
    return sent


@transaction.atomic
def resend(delivery: Delivery, *, actor: Actor) -> Delivery:
    """Try one that was given up from the start. Conflict (`delivery_not_dead`) for any other."""
    held = Delivery.objects.select_for_update(no_key=True, of=("self",)).filter(pk=delivery.pk).first()
    if held is None:
        raise Missing("There is no such delivery")
    if held.state != DeliveryState.DEAD:
        raise Conflict("This delivery was not given up", code="delivery_not_dead")
    held.state, held.tries, held.send_at = DeliveryState.WAITING, 0, timezone.now()
    held.save(update_fields=["state", "tries", "send_at"])
    audit.record(DeliveryEvent.RESENT, actor=actor, subject=_subject(held), details={"events": len(held.events)})
    return held


def forget_sent(at: datetime) -> int:
    """Drop what arrived a month ago; what was given up stays. The audit keeps the events themselves."""
    dropped, _ = Delivery.objects.filter(state=DeliveryState.SENT, sent_at__lt=at - KEPT).delete()
    return dropped


def _due(at: datetime, failed: set[UUID]) -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(state=DeliveryState.WAITING, send_at__lte=at, channel__is_enabled=True)
    return rows.exclude(channel__in=failed) if failed else rows


@transaction.atomic
def _take(at: datetime, failed: set[UUID]) -> Delivery | None:
    skip = connection.features.has_select_for_update_skip_locked
    rows = _due(at, failed).select_related("channel__tenant").order_by("send_at", "pk")
    held = rows.select_for_update(no_key=True, skip_locked=skip, of=("self",)).first()
    if held is None:
        return None
    held.tries += 1
    held.send_at = max(at, timezone.now()) + LEASE
    held.save(update_fields=["tries", "send_at"])
    return held


def _send(delivery: Delivery) -> bool:
    """Hand it over; whatever came of it is noted only if nobody took it meanwhile."""
    try:
        opened(delivery.channel).send(message_of(delivery))
    except SinkFailed as failed:
        log.warning("delivery.failed", delivery=str(delivery.pk), tries=delivery.tries, problem=str(failed))
        _note_failure(delivery, str(failed))
        return False
    at = timezone.now()
    with transaction.atomic():
        _ours(delivery).update(state=DeliveryState.SENT, sent_at=at, problem="")
        Channel.objects.filter(pk=delivery.channel_id).update(last_sent_at=at, last_problem="")
    return True


@transaction.atomic
def _note_failure(delivery: Delivery, problem: str) -> None:
    is_over = delivery.tries > len(PAUSES)
    values = {"problem": problem} | (
        {"state": DeliveryState.DEAD} if is_over else {"send_at": timezone.now() + _pause(delivery.tries)}
    )
    if not _ours(delivery).update(**values):
        return
    Channel.objects.filter(pk=delivery.channel_id).update(last_problem=problem)
    if is_over:
        _bury(delivery, problem)


def _bury(delivery: Delivery, problem: str) -> None:
    """On the record, and told to the ADMINs, once a day for each channel."""
    audit.record(
        DeliveryEvent.DIED,
        actor=Actor.system(SYSTEM, delivery.tenant_id),
        subject=_subject(delivery),
        outcome=Outcome.FAILURE,
        reason=problem,
        details={"events": len(delivery.events), "tries": delivery.tries},
    )
    channel = delivery.channel
    notices.tell_again(
        active_admins(delivery.tenant_id),
        tenant_id=delivery.tenant_id,
        kind="delivery_dead",
        key=f"delivery_dead:{channel.pk}:{timezone.now():%Y%m%d}",
        subject=f"The channel {channel.name} takes no messages",
        text=f"{problem} What was given up is kept and can be sent again.",
        about=Subject("channel", str(channel.pk), channel.name, delivery.tenant_id),
    )


def _pause(tries: int) -> timedelta:
    seconds = PAUSES[min(tries, len(PAUSES)) - 1]
    return timedelta(milliseconds=seconds * (1000 + randbelow(JITTER * 10 + 1)))


def _ours(delivery: Delivery) -> QuerySet[Delivery]:
    return Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.WAITING, tries=delivery.tries)


def _subject(delivery: Delivery) -> Subject:
    return Subject("delivery", str(delivery.pk), delivery.subject, delivery.tenant_id)
