"""Rotation: two credentials of one identity overlap, until evidence ends the old one. Reminder: it was said once."""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from identities.credentials.models.keys import ClientKey
from identities.credentials.models.secrets import ClientSecret


class RotationState(models.TextChoices):
    """Where a rotation is; each state has its evidence (an instant on the row)."""

    ISSUED = "issued"
    DISTRIBUTED = "distributed"
    BOTH_SEEN = "both_seen"
    OLD_SILENT = "old_silent"
    RETIRED = "retired"
    ROLLED_BACK = "rolled_back"


class Delivery(models.TextChoices):
    """How the new value reaches whoever uses it: shown to a person once, put into a vault, or brought by the client."""

    SHOWN = "shown"
    VAULT = "vault"
    BROUGHT = "brought"


class DeliveryStep(models.TextChoices):
    """What the write-back does next; each step may be done again."""

    WRITE = "write"
    VALIDATE = "validate"
    PROMOTE = "promote"
    DONE = "done"


class AfterDeadline(models.TextChoices):
    """What becomes of an old secret that is used past its cutover deadline."""

    ALERT = "alert"
    THROTTLE = "throttle"
    RETIRE = "retire"


class Rotation(models.Model):
    """One replacement: of a secret (`old`, `new`) or of a key (`old_key`, `new_key`); at most one open an identity.

    `silent_seconds` is how long the old one must be silent, `cutover_deadline` the bound of the overlap, both taken
    from the policy at the start. `consider_at` is when the clock has to look again, `looked_at` when it last did and
    `watched_since` since when it never stopped: silence while nobody listened is no evidence. `warned_at` is when
    somebody was told of the coming deadline, `overdue_at` of the passed one. The `delivery_*` columns
    belong to the write-back: its next step, what stands in its way (a stable code and a sentence), who holds it until
    when.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    identity = models.ForeignKey("identities.ManagedIdentity", on_delete=models.PROTECT, related_name="rotations")
    old = models.ForeignKey(
        ClientSecret, on_delete=models.PROTECT, null=True, blank=True, related_name="rotations_from"
    )
    new = models.ForeignKey(ClientSecret, on_delete=models.PROTECT, null=True, blank=True, related_name="rotations_to")
    old_key = models.ForeignKey(
        ClientKey, on_delete=models.PROTECT, null=True, blank=True, related_name="rotations_from"
    )
    new_key = models.ForeignKey(ClientKey, on_delete=models.PROTECT, null=True, blank=True, related_name="rotations_to")
    state = models.CharField(max_length=16, choices=RotationState.choices, default=RotationState.ISSUED)
    reason = models.TextField(blank=True)
    started_by = models.CharField(max_length=254, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    cutover_deadline = models.DateTimeField()
    silent_seconds = models.PositiveIntegerField()
    after_deadline = models.CharField(max_length=8, choices=AfterDeadline.choices)
    distributed_at = models.DateTimeField(null=True, blank=True)
    both_seen_at = models.DateTimeField(null=True, blank=True)
    old_silent_at = models.DateTimeField(null=True, blank=True)
    warned_at = models.DateTimeField(null=True, blank=True)
    overdue_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.TextField(blank=True)
    watched_since = models.DateTimeField(default=timezone.now, db_default=Now())
    looked_at = models.DateTimeField(default=timezone.now, db_default=Now())
    consider_at = models.DateTimeField(null=True, blank=True, default=timezone.now)

    delivery = models.CharField(max_length=8, choices=Delivery.choices)
    store_at = models.JSONField(null=True, blank=True)
    delivery_step = models.CharField(max_length=8, choices=DeliveryStep.choices, default=DeliveryStep.DONE)
    delivery_version = models.CharField(max_length=200, blank=True)
    delivery_problem = models.CharField(max_length=64, blank=True)
    delivery_reason = models.TextField(blank=True)
    delivery_tries = models.PositiveIntegerField(default=0)
    deliver_at = models.DateTimeField(null=True, blank=True)
    delivery_held_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-started_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["identity"], condition=Q(ended_at=None), name="rotation_one_open"),
            models.CheckConstraint(
                condition=Q(old__isnull=False, new__isnull=False, old_key=None, new_key=None)
                | Q(old=None, new=None, old_key__isnull=False, new_key__isnull=False),
                name="rotation_of_one_pair",
            ),
        ]
        indexes = [
            models.Index(fields=["consider_at"], condition=Q(ended_at=None), name="rotation_to_consider"),
            models.Index(fields=["deliver_at"], condition=Q(deliver_at__isnull=False), name="rotation_to_deliver"),
        ]

    def __str__(self) -> str:
        return f"{self.old or self.old_key} → {self.new or self.new_key}"


class Listening(models.Model):
    """One row: until when the processes that serve the token endpoint had written down every use they had seen."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    until = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="listening_is_one_row")]

    def __str__(self) -> str:
        return f"{self.until:%Y-%m-%d %H:%M:%S}"


class Reminder(models.Model):
    """That a credential's date is near was said, once for each credential, date and threshold (days; 0 is overdue)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    identity = models.ForeignKey("identities.ManagedIdentity", on_delete=models.CASCADE, related_name="reminders")
    credential_id = models.UUIDField()
    due_at = models.DateTimeField()
    days = models.PositiveSmallIntegerField()
    said_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-said_at", "id"]
        constraints = [models.UniqueConstraint(fields=["credential_id", "due_at", "days"], name="reminder_said_once")]

    def __str__(self) -> str:
        return f"{self.days} days before {self.due_at:%Y-%m-%d}"
