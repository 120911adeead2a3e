"""ManagedIdentity: one row for each non-human identity, whatever its kind."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils import timezone

from identities.inventory.register_indexes import FILTERED
from identities.inventory.states import State
from identities.inventory.vocabulary import (
    AuthMethod,
    BlastRadius,
    Criticality,
    DisableStrategy,
    Environment,
    Function,
    Issuance,
    Kind,
    OwnershipClass,
    PrivilegeLevel,
    RiskTier,
    Triage,
    TrustBoundary,
    UseState,
)

STATE_CHOICES = [(state.value, state.value.capitalize()) for state in State]
PEOPLE = settings.AUTH_USER_MODEL
#: The database fills new columns in itself: a migration may run while the code before it is still inserting rows.
NO_ITEMS = models.Value([], output_field=models.JSONField())


class ManagedIdentity(models.Model):
    """A bot, job, key or agent with facts, owners and a state (S0-06…14, S3-21, S4-10).

    An owner is a link to a person and a label; a label alone (free text) counts as no owner until it is matched.
    An empty `environment` or `purpose` is not known: only an import leaves them so. `provenance` is
    `{member: {origin, source, at, by}}`. `tokens_revoked_at`: every token issued at or before that instant is dead.
    Written by rooms above, as their verdict: `rotate_by`, `last_rotated_at` (credentials), `schedule_cadence_seconds`
    (scheduling), `reported_by` (names of sources) and `unreported_since` (discovery), `approval_state` ("" never asked
    for, "approved", "pending" again since it changed: approvals), `certified_until` (recertification: None is not
    certified; in the past it ended then, by its day or by drift), `caretaker_since` (succession: who answers for it is
    being found). `account`: the service user that this row
    stands for (service_users). `reassess_at`: when time alone may change the verdicts; in the past, they are due.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="identities")
    client_id = models.CharField(max_length=64, unique=True, editable=False)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    kind = models.CharField(max_length=24, choices=Kind.choices, default=Kind.WORKLOAD)
    issuance = models.CharField(max_length=16, choices=Issuance.choices, default=Issuance.PORTAL)
    ownership_class = models.CharField(max_length=16, choices=OwnershipClass.choices, default=OwnershipClass.WORKLOAD)
    environment = models.CharField(max_length=16, choices=Environment.choices, blank=True)
    purpose = models.TextField(blank=True)

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

    function = models.CharField(max_length=16, choices=Function.choices, blank=True, default="", db_default="")
    trust_boundary = models.CharField(
        max_length=24, choices=TrustBoundary.choices, blank=True, default="", db_default=""
    )
    blast_radius = models.CharField(max_length=24, choices=BlastRadius.choices, blank=True, default="", db_default="")
    privilege_level = models.CharField(
        max_length=8, choices=PrivilegeLevel.choices, blank=True, default="", db_default=""
    )
    business_criticality = models.CharField(
        max_length=8, choices=Criticality.choices, blank=True, default="", db_default=""
    )
    data_classification = models.CharField(max_length=64, blank=True)
    risk_tier = models.CharField(max_length=8, choices=RiskTier.choices, default=RiskTier.MEDIUM)
    internet_exposed = models.BooleanField(default=False)
    customer_facing = models.BooleanField(default=False)
    auth_method = models.CharField(
        max_length=32, choices=AuthMethod.choices, default=AuthMethod.UNKNOWN, db_default="unknown"
    )
    protocols = models.JSONField(default=list, db_default=NO_ITEMS, blank=True)
    upstream_trust_source = models.CharField(max_length=254, blank=True, default="", db_default="")
    upstream_dependencies = models.JSONField(default=list, db_default=NO_ITEMS, blank=True)
    downstream_systems = models.JSONField(default=list, db_default=NO_ITEMS, blank=True)
    downstream_permissions = models.JSONField(default=list, db_default=NO_ITEMS, blank=True)
    deprovisioning_trigger = models.TextField(blank=True, default="", db_default="")
    revocation_procedure = models.TextField(blank=True)
    revocation_tested_at = models.DateTimeField(null=True, blank=True)
    disable_strategy = models.CharField(
        max_length=16, choices=DisableStrategy.choices, blank=True, default="", db_default=""
    )
    vendor_contract = models.CharField(max_length=254, blank=True, default="", db_default="")
    vendor_renewal_on = models.DateField(null=True, blank=True)
    expected_cadence = models.CharField(max_length=32, blank=True, default="", db_default="")
    schedule_cadence_seconds = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    rotation_interval_days = models.PositiveIntegerField(null=True, blank=True)
    review_by = models.DateField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    ticket = models.CharField(max_length=120, blank=True)
    repository = models.CharField(max_length=254, blank=True)
    business_unit = models.CharField(max_length=120, blank=True)
    application = models.CharField(max_length=120, blank=True)
    tags = models.JSONField(default=dict, blank=True)
    provenance = models.JSONField(default=dict, blank=True)

    triage = models.CharField(
        max_length=8, choices=Triage.choices, default=Triage.AMBER, db_default="amber", editable=False
    )
    triage_reasons = models.JSONField(default=list, db_default=NO_ITEMS, editable=False)
    use_state = models.CharField(
        max_length=16, choices=UseState.choices, default=UseState.UNOBSERVED, db_default="unobserved", editable=False
    )
    is_orphaned = models.BooleanField(default=True, db_default=True, editable=False)
    completeness = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    assessed_at = models.DateTimeField(null=True, editable=False)
    reassess_at = models.DateTimeField(default=timezone.now, db_default=Now(), null=True, db_index=True, editable=False)
    reported_by = models.JSONField(default=list, db_default=NO_ITEMS, editable=False)
    unreported_since = models.DateTimeField(null=True, editable=False)
    rotate_by = models.DateTimeField(null=True, blank=True, editable=False)
    last_rotated_at = models.DateTimeField(null=True, blank=True, editable=False)
    account = models.OneToOneField(
        PEOPLE, null=True, blank=True, on_delete=models.SET_NULL, related_name="register_row", editable=False
    )
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="absorbed", editable=False
    )

    approval_state = models.CharField(max_length=8, blank=True, default="", db_default="", editable=False)
    certified_until = models.DateTimeField(null=True, blank=True, editable=False)
    caretaker_since = models.DateTimeField(null=True, blank=True, editable=False)
    paused_until = models.DateTimeField(null=True, blank=True, editable=False)
    brittle = models.BooleanField(default=False, db_default=False, editable=False)
    brittle_reason = models.TextField(blank=True, default="", db_default="", editable=False)
    revocation_seconds = models.FloatField(null=True, blank=True, editable=False)

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
            models.Index(fields=["rotate_by"], condition=models.Q(rotate_by__isnull=False), name="identity_rotate_by"),
            models.Index(
                fields=["paused_until"], condition=models.Q(paused_until__isnull=False), name="identity_paused_until"
            ),
            models.Index(fields=["id"], condition=models.Q(caretaker_since__isnull=False), name="identity_in_care"),
            models.Index(fields=["tenant", "-created_at"], name="identity_tenant_created"),
            models.Index(fields=["tenant", "triage", "name", "id", "state"], name="identity_tenant_triage"),
            models.Index(fields=["name", "id", "state"], name="identity_name"),
            models.Index(fields=["tenant", "name", "id", "state"], name="identity_tenant_name"),
            models.Index(fields=["tenant", "environment", "name", "id", "state"], name="identity_tenant_environment"),
            *FILTERED,
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
    def ends_elsewhere(self) -> bool:
        """Do others issue it, who alone can end it there? The account of a service user ends here, with its row."""
        return self.issuance == Issuance.EXTERNAL and self.account_id is None

    @property
    def has_owner(self) -> bool:
        """A person who can answer for it: a label alone is not one, a deputy or a team does not count here."""
        return self.business_owner_id is not None or self.technical_owner_id is not None


class ExceptionKind(models.TextChoices):
    """What a deviation allows; each kind is asked for by name where its rule is enforced."""

    ROTATION_BEYOND_MAXIMUM = "rotation_beyond_maximum"
    SHARED_IDENTITY = "shared_identity"


class PolicyException(models.Model):
    """A deviation from the identity policy for one identity: reason, named owner and end; it ends by its own date.

    A renewal is a decision of its own: a new row, that `renews` the old one.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    identity = models.ForeignKey(ManagedIdentity, on_delete=models.PROTECT, related_name="exceptions")
    kind = models.CharField(max_length=32, choices=ExceptionKind.choices)
    reason = models.TextField()
    ticket = models.CharField(max_length=120, blank=True)
    owner = models.ForeignKey(PEOPLE, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    owner_label = models.CharField(max_length=254, blank=True, default="", db_default="")
    renews = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="renewals")
    granted_by = models.CharField(max_length=254, blank=True)
    granted_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-granted_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("granted_at")), name="exception_ends_after_it_begins"
            )
        ]
        indexes = [models.Index(fields=["identity", "kind", "expires_at"], name="exception_of_identity")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} until {self.expires_at:%Y-%m-%d}"


class Knock(models.Model):
    """Somebody came with right credentials to an identity that is stopped: who still holds them, and from where."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    identity = models.ForeignKey(ManagedIdentity, on_delete=models.CASCADE, related_name="knocks")
    state = models.CharField(max_length=16, choices=STATE_CHOICES)
    since = models.DateTimeField()
    address = models.CharField(max_length=64, blank=True)
    user_agent = models.CharField(max_length=200, blank=True)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    times = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["-last_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["identity", "since", "address", "user_agent"], name="knock_once_per_source")
        ]

    def __str__(self) -> str:
        return f"{self.address} {self.times} times"


class SearchEntry(models.Model):
    """What an identity is found by, in lower case; kept by triggers (`search_index`), never written by code.

    `origin` names the row it was made of: "i" and the identity's id, or the letter of another part and that row's id.
    `name` is the identity's, for searches too short for trigrams. No constraint to the register: the triggers remove a
    row with its identity, and a million rows are entered without a million look-ups.
    """

    id = models.BigAutoField(primary_key=True)
    origin = models.CharField(max_length=40, unique=True)
    identity = models.ForeignKey(ManagedIdentity, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False)
    name = models.TextField(blank=True)
    text = models.TextField()

    class Meta:
        verbose_name_plural = "search entries"
        indexes = [models.Index(fields=["name"], name="search_entry_name", opclasses=["text_pattern_ops"])]

    def __str__(self) -> str:
        return self.origin


class TenantStandards(models.Model):
    """The house rules of a tenant, as its one-page policy shows them and as create, rotate and findings enforce them.

    `rules` holds only what differs from the defaults of `inventory.standards`; a tenant without a row has the defaults.
    """

    tenant = models.OneToOneField("identities.Tenant", on_delete=models.CASCADE, related_name="standards")
    rules = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.CharField(max_length=254, blank=True)

    class Meta:
        verbose_name = "identity policy"
        verbose_name_plural = "identity policies"

    def __str__(self) -> str:
        return f"Identity policy of {self.tenant}"
