"""ManagedIdentity: one row for each non-human identity, whatever its kind."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from identities.inventory.states import State


class Kind(models.TextChoices):
    """What sort of thing it is (S3-21)."""

    WORKLOAD = "workload"
    SERVICE_ACCOUNT = "service_account"
    SERVICE_USER = "service_user"
    API_CLIENT = "api_client"
    OAUTH_CLIENT = "oauth_client"
    BOT = "bot"
    CRON_JOB = "cron_job"
    DEPLOY_RUNNER = "deploy_runner"
    RPA = "rpa", "RPA"
    SAAS_CONNECTOR = "saas_connector", "SaaS connector"
    AI_AGENT = "ai_agent", "AI agent"
    CLOUD_KEY = "cloud_key"
    DATABASE_USER = "database_user"
    WEBHOOK = "webhook"


class Issuance(models.TextChoices):
    """How the identity comes to a token: from us by a secret, from us by federation, or not from us at all."""

    PORTAL = "portal"
    FEDERATED = "federated"
    EXTERNAL = "external"


class OwnershipClass(models.TextChoices):
    """To whom it belongs (S3-44)."""

    HUMAN = "human"
    WORKLOAD = "workload"
    VENDOR = "vendor"


class Environment(models.TextChoices):
    """Where it works (S3-38)."""

    PRODUCTION = "production"
    STAGING = "staging"
    DEVELOPMENT = "development"
    SANDBOX = "sandbox"


class RiskTier(models.TextChoices):
    """How closely it is watched (S4-64)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


STATE_CHOICES = [(state.value, state.value.capitalize()) for state in State]
PEOPLE = settings.AUTH_USER_MODEL


class ManagedIdentity(models.Model):
    """A bot, job, key or agent with facts, owners and a state (S0-06…14, S3-21, S4-10).

    An owner is a link to a person and a label; a label alone (free text) counts as no owner until it is matched.
    `tokens_revoked_at`: every token issued at or before that instant is dead.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="identities")
    client_id = models.CharField(max_length=64, unique=True, editable=False)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    kind = models.CharField(max_length=24, choices=Kind.choices, default=Kind.WORKLOAD)
    issuance = models.CharField(max_length=16, choices=Issuance.choices, default=Issuance.PORTAL)
    ownership_class = models.CharField(max_length=16, choices=OwnershipClass.choices, default=OwnershipClass.WORKLOAD)
    environment = models.CharField(max_length=16, choices=Environment.choices)
    purpose = models.TextField()

    state = models.CharField(max_length=16, choices=STATE_CHOICES, default=State.ACTIVE.value)
    state_reason = models.TextField(blank=True)
    state_changed_at = models.DateTimeField(default=timezone.now)

    business_owner = models.ForeignKey(PEOPLE, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    business_owner_label = models.CharField(max_length=254, blank=True)
    technical_owner = models.ForeignKey(PEOPLE, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    technical_owner_label = models.CharField(max_length=254, blank=True)
    deputy_owner = models.ForeignKey(PEOPLE, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    deputy_owner_label = models.CharField(max_length=254, blank=True)
    owner_team = models.ForeignKey(
        "identities.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="identities"
    )

    data_classification = models.CharField(max_length=64, blank=True)
    risk_tier = models.CharField(max_length=8, choices=RiskTier.choices, default=RiskTier.MEDIUM)
    internet_exposed = models.BooleanField(default=False)
    customer_facing = models.BooleanField(default=False)
    revocation_procedure = models.TextField(blank=True)
    rotation_interval_days = models.PositiveIntegerField(null=True, blank=True)
    review_by = models.DateField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    ticket = models.CharField(max_length=120, blank=True)
    repository = models.CharField(max_length=254, blank=True)
    business_unit = models.CharField(max_length=120, blank=True)
    application = models.CharField(max_length=120, blank=True)
    tags = models.JSONField(default=dict, blank=True)
    provenance = models.JSONField(default=dict, blank=True)

    tokens_revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, db_index=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.CharField(max_length=254, blank=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "managed identity"
        verbose_name_plural = "managed identities"
        ordering = ["name", "id"]
        indexes = [
            models.Index(fields=["tenant", "state"], name="identity_tenant_state"),
            models.Index(fields=["tenant", "-created_at"], name="identity_tenant_created"),
        ]
        constraints = [
            models.UniqueConstraint(
                models.F("tenant"),
                Lower("name"),
                condition=~models.Q(state=State.RETIRED.value),
                name="identity_name_unique_in_tenant",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_enabled(self) -> bool:
        return self.state == State.ACTIVE.value

    @property
    def has_owner(self) -> bool:
        """A person who can answer for it: a label alone is not one, a deputy or a team does not count here."""
        return self.business_owner_id is not None or self.technical_owner_id is not None
