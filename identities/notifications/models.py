"""Subscriptions to audit events: who or what is told of them, by which channel, and what became of each telling."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

PEOPLE = settings.AUTH_USER_MODEL


class Channel(models.Model):
    """A configured sink of a tenant. `settings` hold no secret: it lies encrypted in `secret_box`, shown to nobody."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="channels")
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=32)
    settings = models.JSONField(default=dict)
    secret_box = models.TextField(blank=True, editable=False)
    is_enabled = models.BooleanField(default=True)
    last_sent_at = models.DateTimeField(null=True, blank=True)
    last_problem = models.TextField(blank=True)
    created_by = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "notification channel"
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="channel_name_unique")]

    def __str__(self) -> str:
        return self.name


class Audience(models.TextChoices):
    """Whom an event is told to: those who answer for its subject, a named person, or a channel alone."""

    TECHNICAL_OWNER = "technical_owner"
    OWNERS = "owners"
    DEPUTY = "deputy"
    OWNER_TEAM = "owner_team"
    OWNER_AND_TEAM = "owner_and_team"
    ADMINS = "admins"
    PERSON = "person"
    NOBODY = "nobody"


class Subscription(models.Model):
    """Events of these `types` (exact, or `prefix.*`), perhaps only of some tiers or environments, told to `audience`.

    `channel` gets them as well, where one is named. `digest_minutes` gathers: nobody gets eighty messages.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="subscriptions")
    name = models.CharField(max_length=120)
    types = models.JSONField(default=list)
    tiers = models.JSONField(default=list, blank=True)
    environments = models.JSONField(default=list, blank=True)
    audience = models.CharField(max_length=20, choices=Audience.choices, default=Audience.OWNERS)
    person = models.ForeignKey(PEOPLE, null=True, blank=True, on_delete=models.CASCADE, related_name="subscriptions")
    channel = models.ForeignKey(Channel, null=True, blank=True, on_delete=models.PROTECT, related_name="subscriptions")
    digest_minutes = models.PositiveIntegerField(default=0)
    is_enabled = models.BooleanField(default=True)
    created_by = models.CharField(max_length=254, blank=True)
    created_by_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="subscription_name_unique")]

    def __str__(self) -> str:
        return self.name


class DeliveryState(models.TextChoices):
    """WAITING to be sent (again at `send_at`), SENT, or DEAD: given up, visible, to be sent again by hand."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"


#: Dead letters first: somebody has to look at them. An index has the same expression.
RANK = models.Case(
    *(
        models.When(state=state, then=models.Value(place))
        for place, state in enumerate((DeliveryState.DEAD, DeliveryState.WAITING, DeliveryState.SENT))
    ),
    default=models.Value(3),
    output_field=models.IntegerField(),
)


class Delivery(models.Model):
    """One message to one channel; `events` are the audit events in it, so that it can be made anew for each try."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="deliveries")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="deliveries")
    subscription = models.ForeignKey(
        Subscription, null=True, blank=True, on_delete=models.SET_NULL, related_name="deliveries"
    )
    events = models.JSONField(default=list)
    subject = models.CharField(max_length=254)
    state = models.CharField(max_length=8, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    send_at = models.DateTimeField(default=timezone.now)
    problem = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-created_at", "id"]
        indexes = [
            models.Index(fields=["send_at"], condition=Q(state="waiting"), name="delivery_to_send"),
            models.Index(fields=["tenant", "state", "-created_at"], name="delivery_of_tenant"),
            models.Index(RANK.asc(), models.F("created_at").desc(), "id", name="delivery_in_order"),
            models.Index(fields=["created_at", "id"], name="delivery_made"),
            models.Index(fields=["channel", "state"], name="delivery_of_channel"),
        ]

    def __str__(self) -> str:
        return self.subject


class Reading(models.Model):
    """How far the audit was read for subscriptions. One row: events sealed up to `seq` were looked at."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(default=0)
    read_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"read to {self.seq}"
