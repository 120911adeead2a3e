"""What is known of service users beyond their account: refresh failures that were found, and the way out."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from identities.people.models import User

PEOPLE = settings.AUTH_USER_MODEL


class ServiceUser(User):  # type: ignore[django-manager-missing]
    """The account of a service user, by its own name: what has pages of its own beside those of people.

    The same rows as `User`; whoever lists them narrows to `is_agent`.
    """

    class Meta:
        proxy = True
        verbose_name = "service user"
        verbose_name_plural = "service users"


class RefreshIncident(models.Model):
    """One failed refresh of a service user, found once (S2-26…29): `event` is the audit event that tells of it.

    `reason` is a word of the refresh vocabulary, `metadata` what the failure said beside it. Kept for good: the counter
    on `/metrics` is the number of rows.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="refresh_incidents")
    user = models.ForeignKey(PEOPLE, on_delete=models.CASCADE, related_name="refresh_incidents")
    event = models.UUIDField(unique=True)
    reason = models.CharField(max_length=40)
    metadata = models.JSONField(default=dict)
    failed_at = models.DateTimeField()
    found_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-failed_at", "id"]
        indexes = [
            models.Index(fields=["user", "-failed_at"], name="incident_of_user"),
            models.Index(fields=["tenant", "reason"], name="incident_of_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.reason} at {self.failed_at:%Y-%m-%d %H:%M}"


class HealthLook(models.Model):
    """How far the agent health check of a tenant has looked: nothing before `seen_until` waits to be found."""

    tenant = models.OneToOneField("identities.Tenant", on_delete=models.CASCADE, related_name="health_look")
    seen_until = models.DateTimeField()
    looked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"seen until {self.seen_until:%Y-%m-%d %H:%M}"


class ReplacementState(models.TextChoices):
    """BOTH_ALIVE: the account and the identity both work; MOVED: the account is disabled; CANCELLED: it stays."""

    BOTH_ALIVE = "both_alive"
    MOVED = "moved"
    CANCELLED = "cancelled"


class Replacement(models.Model):
    """A service user that gives way to a managed identity: both work until the use has moved over.

    `permissions` is what the new role holds, worked out from what the account did in `looked_back_days`;
    `not_covered` are things it did that no managed identity may. The account is disabled once the identity was used
    and the account was not for `quiet_hours`. At `overdue_at`, with the account still in use, its owner is told.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="replacements")
    account = models.ForeignKey(PEOPLE, on_delete=models.PROTECT, related_name="replacements")
    identity = models.OneToOneField(
        "identities.ManagedIdentity", on_delete=models.PROTECT, related_name="replacement_of"
    )
    role = models.ForeignKey("identities.Role", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    permissions = models.JSONField(default=list)
    not_covered = models.JSONField(default=list)
    looked_back_days = models.PositiveSmallIntegerField(default=90)
    quiet_hours = models.PositiveIntegerField(default=24)
    state = models.CharField(max_length=12, choices=ReplacementState.choices, default=ReplacementState.BOTH_ALIVE)
    reason = models.TextField()
    begun_by = models.CharField(max_length=254, blank=True)
    begun_at = models.DateTimeField(default=timezone.now)
    overdue_at = models.DateTimeField()
    told_overdue_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-begun_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=models.Q(state="both_alive"), name="replacement_one_at_a_time"
            )
        ]
        indexes = [
            models.Index(fields=["begun_at"], condition=models.Q(state="both_alive"), name="replacement_going_on"),
            models.Index(fields=["tenant", "-begun_at"], name="replacement_of_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.account} becomes {self.identity}"
