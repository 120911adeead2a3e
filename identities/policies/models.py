"""ResourcePolicy: rules; AuthorizationDecision: what was answered to whom; DecisionWriter: who still holds answers."""

import uuid

from django.db import models
from django.utils import timezone


class ResourcePolicy(models.Model):
    """Cedar text with named rules, checked against our schema when it was saved (S1-26)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="resource_policies")
    name = models.CharField(max_length=120)
    text = models.TextField()
    content_hash = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "resource policies"
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="policy_name_unique_in_tenant")]

    def __str__(self) -> str:
        return self.name


class DecisionOutcome(models.TextChoices):
    """Yes or no."""

    ALLOW = "allow"
    DENY = "deny"


class DecisionStage(models.TextChoices):
    """Where the question was asked: before a run, or at a route."""

    GUARD = "guard"
    API = "api"


class AuthorizationDecision(models.Model):
    """One answer to "may it?": never changed, without links, so that it outlives what it speaks of (S3-40, S3-41).

    `permission` is what was asked: a permission where the door lets managed identities in, else a duty of the matrix.
    `machine_permission` is what a managed identity would have needed at the same door, whoever asked; empty where none
    is let in, and in rows older than the column.
    """

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    at = models.DateTimeField(default=timezone.now, db_index=True)
    tenant_id = models.UUIDField(null=True, blank=True)
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=64)
    actor_label = models.CharField(max_length=254, blank=True)
    permission = models.CharField(max_length=64)
    machine_permission = models.CharField(max_length=64, blank=True, default="", db_default="")
    resource_kind = models.CharField(max_length=64, blank=True)
    resource_id = models.CharField(max_length=254, blank=True)
    outcome = models.CharField(max_length=8, choices=DecisionOutcome.choices)
    reason = models.TextField(blank=True)
    policy_ids = models.JSONField(default=list, blank=True)
    environment = models.CharField(max_length=16, blank=True)
    address = models.CharField(max_length=64, blank=True)
    token_issuer = models.CharField(max_length=254, blank=True)
    token_jti = models.CharField(max_length=64, blank=True)
    correlation_id = models.CharField(max_length=128, blank=True, db_index=True)
    run_id = models.UUIDField(null=True, blank=True, db_index=True)
    stage = models.CharField(max_length=8, choices=DecisionStage.choices)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["tenant_id", "-id"], name="decision_tenant"),
            models.Index(fields=["actor_id", "-id"], name="decision_actor"),
            models.Index(fields=["-id"], condition=models.Q(outcome="deny"), name="decision_denied"),
            models.Index(fields=["-id"], condition=models.Q(actor_kind="person"), name="decision_of_people"),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.permission} to {self.actor_label}"


class DecisionWriter(models.Model):
    """A process that holds unwritten decisions for up to a second; a row left behind by a dead one is a gap."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    host = models.CharField(max_length=254)
    pid = models.PositiveBigIntegerField()
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"
