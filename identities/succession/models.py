"""Who answers for it next: a case for each identity that lost its owners, and the transfer that asks the receiver."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

PEOPLE = settings.AUTH_USER_MODEL


class Step(models.TextChoices):
    """Who is asked, in this order; a step without anybody is passed over."""

    DEPUTY = "deputy"
    TEAM = "team"
    MANAGER = "manager"
    SECURITY = "security"


class CaseState(models.TextChoices):
    """OPEN is the caretaker state: everything runs on, and somebody is asked. SETTLED has a new owner."""

    OPEN = "open"
    SETTLED = "settled"
    MOOT = "moot"


class SuccessionCase(models.Model):
    """One identity without anybody to answer for it. `steps` is `[{step, people, asked_at, due_at, outcome}]`.

    When `due_at` passes, the default of the step happens: the next one is asked; at the end security takes it over.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="successions")
    identity = models.ForeignKey("identities.ManagedIdentity", on_delete=models.PROTECT, related_name="successions")
    leaver = models.ForeignKey(PEOPLE, null=True, blank=True, on_delete=models.SET_NULL, related_name="left_behind")
    leaver_label = models.CharField(max_length=254, blank=True)
    cause = models.CharField(max_length=254)
    state = models.CharField(max_length=8, choices=CaseState.choices, default=CaseState.OPEN)
    step = models.CharField(max_length=8, choices=Step.choices, default=Step.DEPUTY)
    steps = models.JSONField(default=list)
    opened_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.CharField(max_length=254, blank=True)
    settled_reason = models.TextField(blank=True)

    class Meta:
        verbose_name = "succession"
        ordering = ["-opened_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["identity"], condition=Q(state="open"), name="succession_one_open")
        ]
        indexes = [
            models.Index(fields=["tenant", "state", "-opened_at"], name="succession_of_tenant"),
            models.Index(fields=["due_at"], condition=Q(state="open"), name="succession_due"),
        ]

    def __str__(self) -> str:
        return f"Succession of {self.identity}"


class TransferState(models.TextChoices):
    """ASKED waits for the receiver, who has until `due_at`."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class OwnershipTransfer(models.Model):
    """An identity is to change hands: `receiver` as `role`, perhaps with a team; nothing changes until they accept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="transfers")
    identity = models.ForeignKey("identities.ManagedIdentity", on_delete=models.PROTECT, related_name="transfers")
    role = models.CharField(max_length=20)
    receiver = models.ForeignKey(PEOPLE, on_delete=models.PROTECT, related_name="transfers_received")
    team = models.ForeignKey("identities.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.TextField()
    ticket = models.CharField(max_length=254, blank=True)
    state = models.CharField(max_length=12, choices=TransferState.choices, default=TransferState.ASKED)
    asked_by = models.CharField(max_length=254, blank=True)
    asked_by_id = models.CharField(max_length=64, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True)
    bindings_ended = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "ownership transfer"
        ordering = ["-asked_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["identity"], condition=Q(state="asked"), name="transfer_one_open")
        ]
        indexes = [
            models.Index(fields=["receiver", "state"], name="transfer_of_receiver"),
            models.Index(fields=["due_at"], condition=Q(state="asked"), name="transfer_due"),
        ]

    def __str__(self) -> str:
        return f"{self.identity} to {self.receiver}"
