"""Bodies and answers around telling people: the inbox, channels, subscriptions, deliveries."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from identities.api.serializers import ListQuery, Reference, Shape
from identities.inventory.vocabulary import Environment, RiskTier
from identities.notifications import links
from identities.notifications.models import Audience, Channel, Delivery, DeliveryState, Subscription
from identities.notifications.sinks.register import installed
from identities.notifications.subscriptions import LONGEST_DIGEST
from identities.people.models import Notice

SECTIONS = (("waiting", "asks for something"), ("told", "everything else"))


class NoticeShape(Shape):
    """One thing the caller is told."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    subject = serializers.CharField()
    text = serializers.CharField()
    about_kind = serializers.CharField()
    about_id = serializers.CharField()
    link = serializers.SerializerMethodField(help_text="The page in the admin on which it is looked at, or empty.")
    times = serializers.IntegerField(help_text="So often it happened since `createdAt`.")
    waits = serializers.BooleanField(help_text="It asks for something.")
    created_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    seen_at = serializers.DateTimeField(allow_null=True)
    done_at = serializers.DateTimeField(allow_null=True, help_text="When what it asked for was done.")

    def get_link(self, notice: Notice) -> str:
        return links.whole(links.page_of(notice.about_kind, notice.about_id))


class InboxQuery(ListQuery):
    """Which half of the inbox."""

    section = serializers.ChoiceField(SECTIONS, required=False, help_text="`waiting`, `told`; both without it.")


class SeenBody(Shape):
    """Which notices were seen."""

    ids = serializers.ListField(
        child=serializers.UUIDField(), allow_null=True, max_length=200, help_text="Null: every one."
    )


class SeenNumberShape(Shape):
    """How many were not seen before."""

    seen = serializers.IntegerField()


class ChannelShape(Shape):
    """Where messages go; its secret is never shown."""

    id = serializers.UUIDField()
    tenant_id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.CharField()
    settings = serializers.JSONField(help_text="Without the secret.")
    has_secret = serializers.SerializerMethodField()
    is_enabled = serializers.BooleanField()
    last_sent_at = serializers.DateTimeField(allow_null=True)
    last_problem = serializers.CharField()
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField()

    def get_has_secret(self, channel: Channel) -> bool:
        return bool(channel.secret_box)


class ChannelMadeShape(ChannelShape):
    """A channel, and once the secret that was made for it."""

    secret = serializers.CharField(
        required=False, help_text="Of a webhook: signs what is sent. Shown now, never again."
    )


class ChannelFacts(Shape):
    """What may be changed."""

    name = serializers.CharField(max_length=120)
    settings = serializers.DictField(required=False, help_text="webhook: `url`; email: `to`; slack: none.")
    secret = serializers.CharField(
        required=False, max_length=1000, help_text="slack: the webhook's address. Kept encrypted, never shown."
    )
    is_enabled = serializers.BooleanField(required=False)


class NewChannel(Shape):
    """A channel to make."""

    name = serializers.CharField(max_length=120)
    kind = serializers.ChoiceField([(kind, sink.label) for kind, sink in installed().items()])
    settings = serializers.DictField(required=False, help_text="webhook: `url`; email: `to`; slack: none.")
    secret = serializers.CharField(required=False, max_length=1000, help_text="slack: the webhook's address.")
    tenant_id = serializers.UUIDField(required=False, help_text="Another tenant: platform administrator only.")


class SubscriptionShape(Shape):
    """Who is told of what."""

    id = serializers.UUIDField()
    tenant_id = serializers.UUIDField()
    name = serializers.CharField()
    types = serializers.ListField(child=serializers.CharField())
    tiers = serializers.ListField(child=serializers.CharField())
    environments = serializers.ListField(child=serializers.CharField())
    audience = serializers.ChoiceField(Audience.choices)
    person = serializers.SerializerMethodField()
    channel = serializers.SerializerMethodField()
    digest_minutes = serializers.IntegerField()
    is_enabled = serializers.BooleanField()
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField()

    @extend_schema_field(Reference(allow_null=True))
    def get_person(self, row: Subscription) -> dict[str, Any] | None:
        return {"id": str(row.person.pk), "label": row.person.email} if row.person else None

    @extend_schema_field(Reference(allow_null=True))
    def get_channel(self, row: Subscription) -> dict[str, Any] | None:
        return {"id": str(row.channel.pk), "label": row.channel.name} if row.channel else None


class SubscriptionFacts(Shape):
    """What may be changed."""

    name = serializers.CharField(max_length=120)
    types = serializers.ListField(
        child=serializers.CharField(max_length=80), max_length=50, help_text="Exact, or all of a subject: `run.*`."
    )
    tiers = serializers.ListField(child=serializers.ChoiceField(RiskTier.choices), required=False, max_length=9)
    environments = serializers.ListField(
        child=serializers.ChoiceField(Environment.choices), required=False, max_length=9
    )
    audience = serializers.ChoiceField(Audience.choices, required=False, help_text="`nobody`: the channel alone.")
    person_id = serializers.UUIDField(required=False, allow_null=True, help_text="For the audience `person`.")
    channel_id = serializers.UUIDField(required=False, allow_null=True)
    digest_minutes = serializers.IntegerField(
        required=False, min_value=0, max_value=LONGEST_DIGEST, help_text="What happens in so long goes together."
    )
    is_enabled = serializers.BooleanField(required=False)


class NewSubscription(SubscriptionFacts):
    """A subscription to make. Without an audience it tells the caller."""

    tenant_id = serializers.UUIDField(required=False, help_text="Another tenant: platform administrator only.")


class BuiltInShape(Shape):
    """What Steward tells with nothing to set."""

    key = serializers.CharField()
    name = serializers.CharField()
    types = serializers.ListField(child=serializers.CharField())
    audience = serializers.ListField(child=serializers.CharField())


class VocabularyShape(Shape):
    """What may be subscribed to, and what is told anyway."""

    types = serializers.ListField(child=serializers.CharField())
    built_in = BuiltInShape(many=True)


class DeliveryQuery(ListQuery):
    """Which deliveries."""

    state = serializers.ChoiceField(DeliveryState.choices, required=False)
    channel_id = serializers.UUIDField(required=False)


class DeliveryShape(Shape):
    """One message to one channel."""

    id = serializers.UUIDField()
    tenant_id = serializers.UUIDField()
    channel = serializers.SerializerMethodField()
    subscription_id = serializers.UUIDField(allow_null=True)
    subject = serializers.CharField()
    events = serializers.ListField(child=serializers.UUIDField(), help_text="The audit events in it.")
    state = serializers.ChoiceField(DeliveryState.choices, help_text="`dead`: given up; it can be sent again.")
    tries = serializers.IntegerField()
    send_at = serializers.DateTimeField(help_text="While it waits: when it is tried next.")
    problem = serializers.CharField()
    created_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(Reference)
    def get_channel(self, row: Delivery) -> dict[str, Any]:
        return {"id": str(row.channel.pk), "label": row.channel.name}
