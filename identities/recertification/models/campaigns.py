"""ReviewCampaign: a batch of reviews with one deadline; CampaignPlan: the rhythm that launches the next one."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

PEOPLE = settings.AUTH_USER_MODEL


class ReviewerRule(models.TextChoices):
    """Where the search for a reviewer begins; it goes on owner, deputy, team, security. Never oneself or a machine."""

    OWNER = "owner"
    TEAM = "team"
    SECURITY = "security"


class OnSilence(models.TextChoices):
    """What no answer means at the deadline. BY_TIER: high is disabled, medium reduced, low reminded and marked."""

    BY_TIER = "by_tier"
    DISABLE = "disable"
    REDUCE = "reduce"
    REMIND = "remind"


class CampaignState(models.TextChoices):
    """PREPARING while its items are written; OPEN takes answers; CLOSING while silence is acted on; then CLOSED."""

    PREPARING = "preparing"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class CampaignPlan(models.Model):
    """A rhythm: each `every_days` a campaign over `scope`, answered within `answer_days`, until `ends_on`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="campaign_plans")
    name = models.CharField(max_length=120)
    scope = models.JSONField(default=dict)
    every_days = models.PositiveSmallIntegerField()
    answer_days = models.PositiveSmallIntegerField(default=14)
    reviewer_rule = models.CharField(max_length=12, choices=ReviewerRule.choices, default=ReviewerRule.OWNER)
    on_silence = models.CharField(max_length=12, choices=OnSilence.choices, default=OnSilence.BY_TIER)
    next_at = models.DateTimeField()
    ends_on = models.DateField(null=True, blank=True)
    is_enabled = models.BooleanField(default=True)
    created_by = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "review plan"
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="campaign_plan_name_unique")]
        indexes = [models.Index(fields=["next_at"], condition=Q(is_enabled=True), name="campaign_plan_due")]

    def __str__(self) -> str:
        return self.name


class ReviewCampaign(models.Model):
    """One campaign: whom it asks about (`scope`, filters as on the register's list), whom it asks, and by when.

    `is_drift` marks the standing campaign of a tenant that asks again what changed after it was certified.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="campaigns")
    plan = models.ForeignKey(CampaignPlan, null=True, blank=True, on_delete=models.SET_NULL, related_name="campaigns")
    name = models.CharField(max_length=160)
    scope = models.JSONField(default=dict)
    reviewer_rule = models.CharField(max_length=12, choices=ReviewerRule.choices, default=ReviewerRule.OWNER)
    on_silence = models.CharField(max_length=12, choices=OnSilence.choices, default=OnSilence.BY_TIER)
    state = models.CharField(max_length=12, choices=CampaignState.choices, default=CampaignState.PREPARING)
    is_drift = models.BooleanField(default=False)
    opened_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_reason = models.TextField(blank=True)
    created_by = models.CharField(max_length=254, blank=True)
    created_by_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "review campaign"
        ordering = ["-opened_at", "id"]
        indexes = [
            models.Index(fields=["tenant", "-opened_at"], name="campaign_of_tenant"),
            models.Index(
                fields=["due_at"], condition=Q(state__in=["preparing", "open", "closing"]), name="campaign_due"
            ),
        ]

    def __str__(self) -> str:
        return self.name
