"""An identity as the register answers it: what was written, what follows from it, and where each value came from."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from identities.api.serializers import Reference, Shape
from identities.inventory import provenance, suggestions
from identities.inventory.models import ManagedIdentity
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
    Origin,
    OwnershipClass,
    PrivilegeLevel,
    RiskTier,
    Triage,
    TrustBoundary,
    UseState,
)
from identities.names import camel

PROVENANCE_SCHEMA = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "properties": {
            "origin": {"type": "string", "enum": Origin.values},
            "source": {"type": "string"},
            "at": {"type": "string", "format": "date-time"},
            "by": {"type": "string"},
        },
    },
}
REASONS_SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "code": {"type": "string"},
            "colour": {"type": "string", "enum": Triage.values},
            "reason": {"type": "string"},
        },
    },
}


class Known(serializers.ChoiceField):
    """A word of a closed list; null where nobody has said it."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices, allow_null=True, **kwargs)

    def get_attribute(self, instance: Any) -> Any:
        return super().get_attribute(instance) or None


class KnownText(serializers.CharField):
    """A text; null where nobody has said it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, **kwargs)

    def get_attribute(self, instance: Any) -> Any:
        return super().get_attribute(instance) or None


def _texts() -> "serializers.ListField":
    return serializers.ListField(child=serializers.CharField())


class IdentityShape(Shape):
    """An identity as the register knows it."""

    id = serializers.UUIDField()
    tenant_id = serializers.UUIDField()
    client_id = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    environment = Known(Environment.choices, help_text="Null: not known; only an import leaves it so.")
    kind = serializers.ChoiceField(Kind.choices)
    issuance = serializers.ChoiceField(Issuance.choices)
    ownership_class = serializers.ChoiceField(OwnershipClass.choices)
    business_owner = serializers.SerializerMethodField()
    technical_owner = serializers.SerializerMethodField()
    deputy_owner = serializers.SerializerMethodField()
    owner_team = serializers.SerializerMethodField()
    purpose = KnownText(help_text="Null: not known; only an import leaves it so.")
    function = Known(Function.choices)
    trust_boundary = Known(TrustBoundary.choices)
    blast_radius = Known(BlastRadius.choices)
    privilege_level = Known(PrivilegeLevel.choices)
    data_classification = serializers.CharField()
    business_criticality = Known(Criticality.choices)
    internet_exposed = serializers.BooleanField()
    customer_facing = serializers.BooleanField()
    risk_tier = serializers.ChoiceField(RiskTier.choices)
    risk_tier_suggested = serializers.SerializerMethodField(
        help_text="What its description speaks for; never set by us."
    )
    risk_tier_reason = serializers.SerializerMethodField(help_text="Why, or what is missing for a suggestion.")
    auth_method = serializers.ChoiceField(AuthMethod.choices)
    protocols = _texts()
    upstream_trust_source = serializers.CharField()
    upstream_dependencies = _texts()
    downstream_systems = _texts()
    downstream_permissions = _texts()
    deprovisioning_trigger = serializers.CharField()
    revocation_procedure = serializers.CharField()
    revocation_tested_at = serializers.DateTimeField(allow_null=True)
    disable_strategy = Known(DisableStrategy.choices)
    rotation_interval_days = serializers.IntegerField(allow_null=True)
    expected_cadence = serializers.CharField()
    expires_at = serializers.DateTimeField(allow_null=True)
    review_by = serializers.DateField(allow_null=True)
    ticket = serializers.CharField()
    repository = serializers.CharField()
    business_unit = serializers.CharField()
    application = serializers.CharField()
    vendor_contract = serializers.CharField()
    vendor_renewal_on = serializers.DateField(allow_null=True)
    tags = serializers.JSONField()
    state = serializers.ChoiceField([state.value for state in State])
    state_reason = serializers.CharField()
    state_changed_at = serializers.DateTimeField()
    is_enabled = serializers.BooleanField(help_text="The state is active.")
    paused_until = serializers.DateTimeField(allow_null=True, help_text="When a pause ends by itself.")
    revocation_seconds = serializers.FloatField(
        allow_null=True, help_text="How long its last quarantine or drill took, from the call to the last effect."
    )
    roles = serializers.SerializerMethodField(help_text="The roles it holds now, by name.")
    triage = serializers.ChoiceField(Triage.choices, help_text="Its colour; what is not known is never green.")
    triage_reasons = serializers.SerializerMethodField(help_text="Why it has that colour, by stable codes.")
    use_state = serializers.ChoiceField(UseState.choices, help_text="Seen within its cadence, silent, or not observed.")
    is_orphaned = serializers.BooleanField(help_text="Attributed to nobody, no team, or no ticket and no repository.")
    completeness = serializers.IntegerField(help_text="How much of what must be known is known: 0 to 100.")
    reported_by = serializers.ListField(child=serializers.CharField(), help_text="The sources that report it.")
    unreported_since = serializers.DateTimeField(allow_null=True, help_text="Since when no source reports it any more.")
    rotate_by = serializers.DateTimeField(allow_null=True, help_text="When the first of its credentials is due.")
    approval = serializers.SerializerMethodField(help_text="none: nobody had to say yes; pending: it changed since.")
    last_rotated_at = serializers.DateTimeField(allow_null=True, help_text="When its newest credential was made.")
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="Null: never seen. At most 5 s late.")
    provenance = serializers.SerializerMethodField(help_text="Where each value came from; who, when, which source.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    @extend_schema_field(Reference(allow_null=True))
    def get_business_owner(self, row: ManagedIdentity) -> dict[str, Any] | None:
        return _owner(row.business_owner_id, row.business_owner_label)

    @extend_schema_field(Reference(allow_null=True))
    def get_technical_owner(self, row: ManagedIdentity) -> dict[str, Any] | None:
        return _owner(row.technical_owner_id, row.technical_owner_label)

    @extend_schema_field(Reference(allow_null=True))
    def get_deputy_owner(self, row: ManagedIdentity) -> dict[str, Any] | None:
        return _owner(row.deputy_owner_id, row.deputy_owner_label)

    @extend_schema_field(Reference(allow_null=True))
    def get_owner_team(self, row: ManagedIdentity) -> dict[str, Any] | None:
        return _owner(row.owner_team.pk, row.owner_team.name) if row.owner_team else None

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_roles(self, row: Any) -> list[str]:
        return sorted({binding.role.name for binding in row.effective_bindings})

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_risk_tier_suggested(self, row: ManagedIdentity) -> str | None:
        return suggestions.suggest_tier(row).value or None

    @extend_schema_field(serializers.ChoiceField(["none", "approved", "pending"]))
    def get_approval(self, row: ManagedIdentity) -> str:
        return row.approval_state or "none"

    def get_risk_tier_reason(self, row: ManagedIdentity) -> str:
        return suggestions.suggest_tier(row).reason

    @extend_schema_field(REASONS_SCHEMA)
    def get_triage_reasons(self, row: ManagedIdentity) -> list[Any]:
        return list(row.triage_reasons)

    @extend_schema_field(PROVENANCE_SCHEMA)
    def get_provenance(self, row: ManagedIdentity) -> dict[str, Any]:
        said = provenance.entries(row.provenance).items()
        return {camel(member): {**entry, "at": _utc(entry.get("at"))} for member, entry in said}


class CreatedIdentity(IdentityShape):
    """A new identity; the secret is here once, if it was asked for, and nowhere afterwards."""

    client_secret = serializers.CharField(required=False)


def _utc(at: object) -> str:
    """As every other time is answered."""
    return str(at).replace("+00:00", "Z")


def _owner(key: Any, label: str) -> dict[str, Any] | None:
    if key is None:
        return {"label": label} if label else None
    return {"id": str(key), "label": label}
