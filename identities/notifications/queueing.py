"""Deliveries made of events: each by itself, or gathered so that a burst becomes one message."""

from datetime import datetime, timedelta

from audit.models import AuditEvent
from audit.scrubbing import clean_text
from identities.notifications.models import Delivery, DeliveryState, Subscription
from identities.notifications.sinks.register import sink_class
from identities.notifications.telling import headline

#: So many events in one message.
MOST = 200
_SUBJECT = 254


def queue(subscription: Subscription, event: AuditEvent, at: datetime) -> Delivery:
    """Have this event sent to the subscription's channel. Runs in the reader's transaction.

    With `digest_minutes` all of that time goes together. Without, a sink that gathers by itself (mail, chat) sends the
    first event at once, and what follows within its pause together at the end of that; a webhook gets each by itself.
    """
    channel = subscription.channel
    if channel is None:
        raise ValueError("a subscription without a channel delivers nothing")
    pause = timedelta(minutes=sink_class(channel.kind).pause_minutes)
    digest = timedelta(minutes=subscription.digest_minutes)
    open_one = _open_one(subscription, at) if digest or pause else None
    if open_one is not None:
        open_one.events.append(str(event.uuid))
        open_one.subject = clean_text(f"{len(open_one.events)} events: {subscription.name}", _SUBJECT)
        open_one.save(update_fields=["events", "subject"])
        return open_one
    return Delivery.objects.create(
        tenant_id=subscription.tenant_id,
        channel=channel,
        subscription=subscription,
        events=[str(event.uuid)],
        subject=clean_text(headline(event), _SUBJECT),
        send_at=at + digest if digest else _after(subscription, at, pause),
        created_at=at,
    )


def _open_one(subscription: Subscription, at: datetime) -> Delivery | None:
    rows = Delivery.objects.filter(
        subscription=subscription,
        channel=subscription.channel,
        state=DeliveryState.WAITING,
        tries=0,
        send_at__gte=at,
    )
    found = rows.select_for_update(no_key=True, of=("self",)).order_by("-created_at").first()
    return found if found is not None and len(found.events) < MOST else None


def _after(subscription: Subscription, at: datetime, pause: timedelta) -> datetime:
    """At once, unless the last one is less than the pause ago."""
    rows = Delivery.objects.filter(subscription=subscription, channel=subscription.channel)
    last = rows.order_by("-created_at").first() if pause else None
    if last is None:
        return at
    left = last.sent_at or (last.created_at if last.tries else last.send_at)
    return max(at, left + pause)
