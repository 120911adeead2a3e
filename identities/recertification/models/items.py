"""ReviewItem: one question about one identity; ReviewDecision: each answer it got, kept whatever is undone."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from identities.recertification.models.campaigns import ReviewCampaign

PEOPLE = settings.AUTH_USER_MODEL


class ItemState(models.TextChoices):
    """OPEN waits for its reviewer. DECIDED by a person, SILENT by the deadline; DROPPED: nothing is left to ask."""

    OPEN = "open"
    DECIDED = "decided"
    SILENT = "silent"
    DROPPED = "dropped"


class Decision(models.TextChoices):
    """What was said. NO_RESPONSE is what silence is recorded as."""

    CERTIFY = "certify"
    REDUCE = "reduce"
    REVOKE = "revoke"
    REASSIGN = "reassign"
    NO_RESPONSE = "no_response"


class RemediationState(models.TextChoices):
    """What came of a decision: NOT_NEEDED, PENDING (to be tried again), DONE, FAILED for good, UNDONE within 72 h."""

    NOT_NEEDED = "not_needed"
    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    UNDONE = "undone"


class ReviewItem(models.Model):
    """One identity in one campaign.

    `evidence` is `{owner, access, lastUsed, dependencies, changes, findings}`, frozen when it was gathered
    (`evidence_at`), `evidence_hash` its SHA-256. `unclear` names the questions without an answer: any makes it "not
    ready for production". `recommendation` is a `Decision` with `recommendation_reason`; `preselected` the ids of
    bindings that nothing used. `asks` names the parts of the portrait that are asked again after drift; empty asks all.
    `trail` is `[{reviewer, label, at, why}]`: who was asked, in turn. `remediation` is `{action, text, …}` with what is
    needed to undo it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    campaign = models.ForeignKey(ReviewCampaign, on_delete=models.PROTECT, related_name="items")
    identity = models.ForeignKey("identities.ManagedIdentity", on_delete=models.PROTECT, related_name="review_items")
    reviewer = models.ForeignKey(PEOPLE, null=True, blank=True, on_delete=models.SET_NULL, related_name="review_items")
    reviewer_label = models.CharField(max_length=254, blank=True)
    trail = models.JSONField(default=list)
    risk_tier = models.CharField(max_length=8)
    asks = models.JSONField(default=list)
    evidence = models.JSONField(default=dict)
    evidence_at = models.DateTimeField(null=True, blank=True)
    evidence_hash = models.CharField(max_length=64, blank=True)
    unclear = models.JSONField(default=list)
    recommendation = models.CharField(max_length=12, choices=Decision.choices, blank=True)
    recommendation_reason = models.TextField(blank=True)
    preselected = models.JSONField(default=list)

    state = models.CharField(max_length=8, choices=ItemState.choices, default=ItemState.OPEN)
    decision = models.CharField(max_length=12, choices=Decision.choices, blank=True)
    decision_reason = models.TextField(blank=True)
    decided_by = models.ForeignKey(PEOPLE, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    decided_by_label = models.CharField(max_length=254, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    remediation_state = models.CharField(
        max_length=12, choices=RemediationState.choices, default=RemediationState.NOT_NEEDED
    )
    remediation = models.JSONField(default=dict)
    remediated_at = models.DateTimeField(null=True, blank=True)
    undo_until = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    reminders = models.PositiveSmallIntegerField(default=0)
    escalated_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "review item"
        ordering = ["opened_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "identity"], condition=Q(state="open"), name="review_item_open_once"
            )
        ]
        indexes = [
            models.Index(fields=["campaign", "state", "id"], name="review_item_of_campaign"),
            models.Index(fields=["campaign", "id"], condition=Q(remediation_state="failed"), name="review_item_failed"),
            models.Index(fields=["reviewer", "state", "campaign"], name="review_item_of_reviewer"),
            models.Index(fields=["identity", "-opened_at"], name="review_item_of_identity"),
            models.Index(fields=["-opened_at", "id"], name="review_item_opened"),
            models.Index(fields=["decided_at"], condition=Q(remediation_state="pending"), name="review_item_to_remedy"),
        ]

    def __str__(self) -> str:
        return f"{self.identity} in {self.campaign}"


class ReviewDecision(models.Model):
    """One answer: who, what, why, how long it took and in how large a batch. Undoing adds to it and removes nothing."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    item = models.ForeignKey(ReviewItem, on_delete=models.PROTECT, related_name="decisions")
    decision = models.CharField(max_length=12, choices=Decision.choices)
    reason = models.TextField(blank=True)
    details = models.JSONField(default=dict)
    by = models.ForeignKey(PEOPLE, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    by_label = models.CharField(max_length=254)
    at = models.DateTimeField(default=timezone.now)
    evidence_hash = models.CharField(max_length=64, blank=True)
    seconds = models.FloatField(null=True, blank=True)
    batch_size = models.PositiveSmallIntegerField(default=1)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=254, blank=True)
    undone_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.get_decision_display()} by {self.by_label}"
