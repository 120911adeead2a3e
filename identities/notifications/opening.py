"""A channel made ready to send, and the messages that go there."""

from collections.abc import Sequence
from uuid import uuid4

from django.utils import timezone

from audit.models import AuditEvent
from identities.errors import Invalid
from identities.notifications import links, secret_box
from identities.notifications.message import Message, told_of
from identities.notifications.models import Channel, Delivery
from identities.notifications.sinks.base import Sink, SinkFailed
from identities.notifications.sinks.register import sink_class
from identities.vaults import sealed_box

TEST_SUBJECT = "A test from Steward: this channel works"


def opened(channel: Channel) -> Sink:
    """The sink behind a channel; nothing is sent yet. Raises SinkFailed where it cannot be used as it is kept."""
    try:
        sink = sink_class(channel.kind)
        secrets = secret_box.opened(channel, timezone.now())
        return sink(sink.Settings.from_json(channel.settings), secrets)
    except sealed_box.CannotOpen:
        raise SinkFailed("The channel's secret does not open with the present encryption key: set it again.") from None
    except Invalid as error:
        raise SinkFailed(f"The channel's settings do not fit any more: {error.message}") from None


def test_message(channel: Channel) -> Message:
    """Says that it is a test, and nothing else."""
    return _message(f"msg_test_{uuid4().hex}", channel, TEST_SUBJECT, ())


def message_of(delivery: Delivery) -> Message:
    """What a delivery sends, made anew from the audit for each try; its id stays. Only events of its own tenant."""
    events = AuditEvent.objects.filter(uuid__in=delivery.events, tenant_id=delivery.tenant_id).defer("changes", "tag")
    return _message(f"msg_{delivery.pk.hex}", delivery.channel, delivery.subject, list(events.order_by("id")))


def _message(key: str, channel: Channel, subject: str, events: Sequence[AuditEvent]) -> Message:
    told = [told_of(event) for event in events]
    return Message(
        id=key,
        at=timezone.now(),
        tenant_id=str(channel.tenant_id),
        tenant=channel.tenant.name,
        subject=subject,
        link=told[0].link if len(told) == 1 else links.whole(links.INBOX),
        told=told,
    )
