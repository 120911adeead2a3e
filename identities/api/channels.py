"""Routes of channels and of what was sent to them."""

from typing import ClassVar
from uuid import UUID

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.api.notification_shapes import (
    ChannelFacts,
    ChannelMadeShape,
    ChannelShape,
    DeliveryQuery,
    DeliveryShape,
    NewChannel,
)
from identities.api.schema import describe
from identities.api.serializers import ListQuery
from identities.api.views import PortalView
from identities.notifications import channels, selectors, sending
from identities.notifications.models import Channel, Delivery

WEBHOOK = {"name": "On call", "kind": "webhook", "settings": {"url": "https://hooks.example.com/steward"}}
MAIL = {"name": "Operations", "kind": "email", "settings": {"to": "ops@example.com"}}


class ChannelsView(PortalView):
    """Channels."""

    tag = "channels"
    resource_kind = "channel"
    duties: ClassVar = {"GET": Duty.GOVERN, "POST": Duty.GOVERN}
    orderings: ClassVar = {"createdAt": "created_at", "name": "name"}
    ordering = "name"

    @describe("List channels", answer=ChannelShape, query=ListQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query()
        rows = Channel.objects.filter(tenant_id__in=self.listed_tenant_ids(query.get("tenant_id")) or ())
        return self.listing(rows, ChannelShape, query)

    @describe(
        "Make a channel",
        answer=ChannelMadeShape,
        body=NewChannel,
        status=201,
        examples={"A webhook": WEBHOOK, "Mail": MAIL},
        description="Nothing is sent: `test` does that. The secret of a webhook is in this answer and never again.",
    )
    def post(self, request: Request) -> Response:
        body = self.read(NewChannel)
        tenant = self.tenant_for(body.pop("tenant_id", None))
        channel, secret = channels.create(tenant_id=tenant.pk, actor=self.actor, **body)
        extra = {"secret": secret.reveal()} if secret else {}
        return self.show(channel, ChannelShape, status=201, **extra)


class _ChannelView(PortalView):
    tag = "channels"
    resource_kind = "channel"

    def channel(self) -> Channel:
        return self.get_or_404(Channel.objects.select_related("tenant"), self.kwargs["id"])


class ChannelView(_ChannelView):
    """One channel."""

    duties: ClassVar = dict.fromkeys(("GET", "PATCH", "DELETE"), Duty.GOVERN)

    @describe("Read a channel", answer=ChannelShape)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.show(self.channel(), ChannelShape)

    @describe("Change a channel", answer=ChannelShape, body=ChannelFacts)
    def patch(self, request: Request, id: UUID) -> Response:  # noqa: A002
        channel = self.channel()
        changed = channels.change(channel, actor=self.actor, **self.read(ChannelFacts, partial=True))
        return self.show(changed, ChannelShape)

    @describe("Forget a channel that no subscription names", answer=None, status=204)
    def delete(self, request: Request, id: UUID) -> Response:  # noqa: A002
        channels.remove(self.channel(), actor=self.actor)
        return Response(status=204)


class ChannelTestView(_ChannelView):
    """A test."""

    duties: ClassVar = {"POST": Duty.GOVERN}

    @describe(
        "Send a test",
        answer=ChannelShape,
        description="One message, now. Where it does not arrive: 503, `channel_failed`, with the reason.",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.show(channels.test(self.channel(), actor=self.actor), ChannelShape)


class ChannelSecretView(_ChannelView):
    """A new signing secret."""

    duties: ClassVar = {"POST": Duty.GOVERN}

    @describe(
        "Rotate the signing secret of a webhook",
        answer=ChannelMadeShape,
        description="The new one is in this answer and never again; for a day both sign.",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        channel, secret = channels.rotate_secret(self.channel(), actor=self.actor)
        return self.show(channel, ChannelShape, secret=secret.reveal())


class DeliveriesView(PortalView):
    """Deliveries."""

    tag = "deliveries"
    resource_kind = "delivery"
    duties: ClassVar = {"GET": Duty.GOVERN}
    orderings: ClassVar = {"createdAt": "created_at", "sendAt": "send_at"}

    @describe("List deliveries", answer=DeliveryShape, query=DeliveryQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query(DeliveryQuery)
        exact = {name: query[name] for name in ("state", "channel_id") if query.get(name)}
        rows = selectors.deliveries(self.listed_tenant_ids(query.get("tenant_id"))).filter(**exact)
        return self.listing(rows, DeliveryShape, query)


class DeliveryView(PortalView):
    """One delivery."""

    tag = "deliveries"
    resource_kind = "delivery"
    duties: ClassVar = {"GET": Duty.GOVERN}

    @describe("Read a delivery", answer=DeliveryShape)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.show(self.get_or_404(selectors.deliveries(None), id), DeliveryShape)


class DeliveryResendView(PortalView):
    """One that was given up."""

    tag = "deliveries"
    resource_kind = "delivery"
    duties: ClassVar = {"POST": Duty.GOVERN}

    @describe(
        "Send again what was given up",
        answer=DeliveryShape,
        description="It is tried from the start, with the same id. Any other is a 409, `delivery_not_dead`.",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        row: Delivery = self.get_or_404(selectors.deliveries(None), id)
        return self.show(sending.resend(row, actor=self.actor), DeliveryShape)


urlpatterns = [
    path("channels", ChannelsView.as_view(), name="channels"),
    path("channels/<uuid:id>", ChannelView.as_view(), name="channel"),
    path("channels/<uuid:id>/test", ChannelTestView.as_view(), name="channel-test"),
    path("channels/<uuid:id>/rotateSecret", ChannelSecretView.as_view(), name="channel-secret"),
    path("deliveries", DeliveriesView.as_view(), name="deliveries"),
    path("deliveries/<uuid:id>", DeliveryView.as_view(), name="delivery"),
    path("deliveries/<uuid:id>/resend", DeliveryResendView.as_view(), name="delivery-resend"),
]
