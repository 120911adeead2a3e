"""IdentityRequest: somebody asks for an identity from a role bundle; its tier decides who else has to say yes."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from identities.inventory.vocabulary import Environment, Kind, RiskTier

PEOPLE = settings.AUTH_USER_MODEL


class RequestState(models.TextChoices):
    """From asking to issuing. APPROVED is on its way: the last yes is there, and issuing met a problem or follows."""

    PENDING = "pending"
    APPROVED = "approved"
    ISSUED = "issued"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class IdentityRequest(models.Model):
    """One form (S3-09, S4-18). `identity` is what came of it, or whom it asks anew for (`is_for_existing`).

    `permissions` are the bundle's, perhaps narrowed. `checks` is `[{check, is_passed, text}]` as they came out,
    `tier_reasons` why the tier is what it is. `problem` says why an approved request is not issued yet. Where no place
    is named for the secret, whoever asked collects it once (`secret_collected_at`). `try_at`: nobody issues it before
    then; whoever does has set it ahead, so that no two do.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="identity_requests")
    identity = models.ForeignKey(
        "identities.ManagedIdentity", null=True, blank=True, on_delete=models.PROTECT, related_name="requests"
    )
    is_for_existing = models.BooleanField(default=False)
    approval = models.ForeignKey(
        "identities.ApprovalRequest", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    bundle = models.CharField(max_length=64)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=24, choices=Kind.choices, default=Kind.WORKLOAD)
    environment = models.CharField(max_length=16, choices=Environment.choices)
    purpose = models.TextField()
    workflow = models.CharField(max_length=200, blank=True)
    technical_owner = models.ForeignKey(PEOPLE, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    owner_team = models.ForeignKey(
        "identities.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    data_classification = models.CharField(max_length=64, blank=True)
    customer_facing = models.BooleanField(default=False)
    permissions = models.JSONField(default=list)
    expires_at = models.DateTimeField()
    ticket = models.CharField(max_length=120, blank=True)
    store_secret_at = models.JSONField(null=True, blank=True)
    evidence = models.JSONField(default=dict)
    change_note = models.TextField(blank=True)
    rollback_plan = models.TextField(blank=True)

    risk_tier = models.CharField(max_length=8, choices=RiskTier.choices)
    tier_reasons = models.JSONField(default=list)
    checks = models.JSONField(default=list)
    state = models.CharField(max_length=12, choices=RequestState.choices, default=RequestState.PENDING)
    state_reason = models.TextField(blank=True)
    problem = models.TextField(blank=True)
    requested_by = models.CharField(max_length=254, blank=True)
    requested_by_id = models.CharField(max_length=64, blank=True)
    requested_at = models.DateTimeField(default=timezone.now)
    approved_at = models.DateTimeField(null=True, blank=True)
    try_at = models.DateTimeField(null=True, blank=True, editable=False)
    issued_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    secret_collected_at = models.DateTimeField(null=True, blank=True)
    secret_collected_by = models.CharField(max_length=254, blank=True)

    class Meta:
        verbose_name = "identity request"
        ordering = ["-requested_at", "id"]
        indexes = [
            models.Index(fields=["tenant", "state", "-requested_at"], name="request_of_tenant"),
            models.Index(fields=["requested_by_id", "-requested_at"], name="request_of_person"),
            models.Index(fields=["requested_at"], condition=Q(state="approved"), name="request_to_issue"),
        ]

    def __str__(self) -> str:
        return self.name
