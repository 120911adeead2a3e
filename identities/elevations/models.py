"""Elevation: a role for a short while, asked for and approved; BreakGlassGrant: approved beforehand, used once."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

PEOPLE = settings.AUTH_USER_MODEL


class ElevationState(models.TextChoices):
    """ASKED waits for approval; GIVEN has a binding, whose own dates end it; ENDED early by somebody."""

    ASKED = "asked"
    GIVEN = "given"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    ENDED = "ended"


class Elevation(models.Model):
    """More than an identity usually may, just in time: one role, `minutes` long from the approval, for a reason."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="elevations")
    identity = models.ForeignKey("identities.ManagedIdentity", on_delete=models.PROTECT, related_name="elevations")
    role = models.ForeignKey("identities.Role", on_delete=models.PROTECT, related_name="+")
    binding = models.ForeignKey(
        "identities.RoleBinding", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approval = models.ForeignKey(
        "identities.ApprovalRequest", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    owner = models.ForeignKey(PEOPLE, null=True, on_delete=models.SET_NULL, related_name="+")
    owner_label = models.CharField(max_length=254)
    minutes = models.PositiveIntegerField()
    justification = models.TextField()
    ticket = models.CharField(max_length=254, blank=True)
    renews = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="renewals")
    state = models.CharField(max_length=12, choices=ElevationState.choices, default=ElevationState.ASKED)
    state_reason = models.TextField(blank=True)
    requested_by = models.CharField(max_length=254, blank=True)
    requested_by_id = models.CharField(max_length=64, blank=True)
    requested_at = models.DateTimeField(default=timezone.now)
    given_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-requested_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(minutes__gte=1, minutes__lte=1440), name="elevation_a_day_at_most")
        ]
        indexes = [models.Index(fields=["tenant", "-requested_at"], name="elevation_of_tenant")]

    def __str__(self) -> str:
        return f"{self.role} for {self.identity}"


class BreakGlassState(models.TextChoices):
    """ARMED: approved beforehand. USED runs now; REVIEW: over, a second person has to look at it; then CLOSED."""

    ASKED = "asked"
    ARMED = "armed"
    USED = "used"
    REVIEW = "review"
    CLOSED = "closed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class BreakGlassGrant(models.Model):
    """Emergency access that two people approved beforehand: used once, loudly, for `minutes`, then reviewed.

    `valid_until`: unused by then it has ended. `review_by` is 24 h after its use ended; `rotation` says what was done
    about what it used: `{state, text, rotation_id}`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="break_glass")
    identity = models.ForeignKey("identities.ManagedIdentity", on_delete=models.PROTECT, related_name="break_glass")
    role = models.ForeignKey("identities.Role", on_delete=models.PROTECT, related_name="+")
    binding = models.ForeignKey(
        "identities.RoleBinding", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approval = models.ForeignKey(
        "identities.ApprovalRequest", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    owner = models.ForeignKey(PEOPLE, null=True, on_delete=models.SET_NULL, related_name="+")
    owner_label = models.CharField(max_length=254)
    justification = models.TextField()
    ticket = models.CharField(max_length=254, blank=True)
    minutes = models.PositiveIntegerField()
    valid_until = models.DateTimeField()
    renews = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="renewals")
    state = models.CharField(max_length=12, choices=BreakGlassState.choices, default=BreakGlassState.ASKED)
    state_reason = models.TextField(blank=True)
    requested_by = models.CharField(max_length=254, blank=True)
    requested_by_id = models.CharField(max_length=64, blank=True)
    requested_at = models.DateTimeField(default=timezone.now)
    armed_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    used_by = models.CharField(max_length=254, blank=True)
    used_by_id = models.CharField(max_length=64, blank=True)
    used_reason = models.TextField(blank=True)
    use_ends_at = models.DateTimeField(null=True, blank=True)
    rotation = models.JSONField(default=dict)
    review_by = models.DateTimeField(null=True, blank=True)
    review_late_at = models.DateTimeField(null=True, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.CharField(max_length=254, blank=True)
    review = models.TextField(blank=True)

    class Meta:
        verbose_name = "break-glass grant"
        ordering = ["-requested_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(valid_until__gt=F("requested_at")), name="break_glass_ends"),
            models.CheckConstraint(condition=Q(minutes__gte=1, minutes__lte=1440), name="break_glass_a_day_at_most"),
        ]
        indexes = [
            models.Index(fields=["tenant", "-requested_at"], name="break_glass_of_tenant"),
            models.Index(fields=["use_ends_at"], condition=Q(state__in=["used", "review"]), name="break_glass_to_tend"),
        ]

    def __str__(self) -> str:
        return f"{self.role} for {self.identity} in an emergency"
