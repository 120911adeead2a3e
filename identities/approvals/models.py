"""ApprovalRequest: what somebody else has to say yes to, bound to a hash of exactly what they saw (four eyes)."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

PEOPLE = settings.AUTH_USER_MODEL


class ApprovalState(models.TextChoices):
    """Only PENDING takes votes. SUPERSEDED: the content changed, a new request stands in its place."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


class Need(models.TextChoices):
    """Whose word is needed. `approver`: an ADMIN or an owner; `owner`: who answers for it; `security`: who governs."""

    APPROVER = "approver"
    OWNER = "owner"
    SECURITY = "security"


class ApprovalRequest(models.Model):
    """One question put to others about one subject; at most one pending a subject.

    `content` is what is approved, whole and without secrets; `content_hash` its SHA-256 in canonical JSON. `needs` is
    a list of `Need`, each to be met by a vote; `distinct_people` says that no person meets two. `involved` are the ids
    of people who may not vote, whatever else they are: who asked, who wrote the content, who changed it. `identity` is
    whose owners are meant, where the subject has one. `due_at`: unanswered by then it expires.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="approvals")
    subject_kind = models.CharField(max_length=32)
    subject_id = models.UUIDField()
    subject_label = models.CharField(max_length=254)
    identity = models.ForeignKey(
        "identities.ManagedIdentity", null=True, blank=True, on_delete=models.PROTECT, related_name="approvals"
    )
    summary = models.CharField(max_length=500)
    content = models.JSONField()
    content_hash = models.CharField(max_length=64)
    previous_content = models.JSONField(null=True, blank=True)
    risk_tier = models.CharField(max_length=8)
    needs = models.JSONField(default=list)
    distinct_people = models.BooleanField(default=False)
    involved = models.JSONField(default=list)
    ticket = models.CharField(max_length=254, blank=True)
    change_note = models.TextField(blank=True)
    rollback_plan = models.TextField(blank=True)
    state = models.CharField(max_length=12, choices=ApprovalState.choices, default=ApprovalState.PENDING)
    state_reason = models.TextField(blank=True)
    requested_by = models.CharField(max_length=254, blank=True)
    requested_by_id = models.CharField(max_length=64, blank=True)
    requested_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "approval"
        ordering = ["-requested_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id"], condition=Q(state="pending"), name="approval_one_pending"
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "state", "-requested_at"], name="approval_of_tenant"),
            models.Index(fields=["-requested_at", "id"], name="approval_asked"),
            models.Index(fields=["subject_kind", "subject_id", "-requested_at"], name="approval_of_subject"),
            models.Index(fields=["due_at"], condition=Q(state="pending"), name="approval_due"),
        ]

    def __str__(self) -> str:
        return self.summary


class ApprovalVote(models.Model):
    """One person's word on one need, for exactly the content of that hash."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    approval = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="votes")
    need = models.CharField(max_length=12, choices=Need.choices)
    person = models.ForeignKey(PEOPLE, null=True, on_delete=models.SET_NULL, related_name="+")
    person_label = models.CharField(max_length=254)
    is_approval = models.BooleanField()
    reason = models.TextField(blank=True)
    content_hash = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at", "id"]
        constraints = [models.UniqueConstraint(fields=["approval", "need"], name="approval_vote_one_a_need")]

    def __str__(self) -> str:
        return f"{self.person_label} as {self.get_need_display()}"
