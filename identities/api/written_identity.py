"""What may be written about an identity, as a body: every member of the record that a caller may set."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from identities.api.register_shapes import SecretReferenceShape
from identities.api.serializers import Shape
from identities.inventory import members
from identities.inventory.auth_methods import catalogue
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
    TrustBoundary,
)

OWNER_SCHEMA = {
    "oneOf": [
        {"type": "string", "description": "The id or e-mail of a person of the tenant, or a name as free text."},
        {
            "type": "object",
            "properties": {"id": {"type": "string", "format": "uuid"}, "label": {"type": "string"}},
            "additionalProperties": False,
        },
    ],
    "nullable": True,
}
TEXTS_SCHEMA = {
    "type": "array",
    "items": {"type": "string", "maxLength": members.MAX_ITEM},
    "maxItems": members.MAX_ITEMS,
}
AUTH_METHOD_HELP = f"How it proves itself where it works:\n{catalogue()}"
CADENCE_HELP = "How often it works: every_minute, hourly, daily, weekly, monthly, quarterly, yearly, or PT5M, P1Y."
#: Absent and null are nothing, and nothing is unknown: a closed list that may be silent takes "" and null as well.
SILENT: dict[str, Any] = {"required": False, "allow_blank": True, "allow_null": True}
TEXT: dict[str, Any] = {"required": False, "allow_blank": True}
LONG: dict[str, Any] = {**TEXT, "max_length": members.MAX_TEXT}


@extend_schema_field(OWNER_SCHEMA)
class WrittenOwner(serializers.Field[Any, Any, Any, Any]):
    """An owner as it may be written; the register finds the person behind it."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str):
            return data
        if isinstance(data, Mapping) and set(data) <= {"id", "label"} and all(_is_text(v) for v in data.values()):
            return dict(data)
        raise serializers.ValidationError("An id, an e-mail address, a name, or an object of id and label.")

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field(TEXTS_SCHEMA)
class WrittenTexts(serializers.Field[Any, Any, Any, Any]):
    """A list of texts; how many and how long is the register's to say."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, list):
            raise serializers.ValidationError("A list of texts.")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


def _is_text(value: object) -> bool:
    return value is None or isinstance(value, str)


class IdentityFacts(Shape):
    """What may be written about an identity, on create and by PATCH."""

    name = serializers.CharField(max_length=120, help_text="Unique in the tenant among identities not retired.")
    description = serializers.CharField(**LONG, help_text="What a stranger should know of it.")
    environment = serializers.ChoiceField(Environment.choices, help_text="Where it works.")
    kind = serializers.ChoiceField(Kind.choices, required=False, help_text="What sort of thing it is.")
    issuance = serializers.ChoiceField(
        Issuance.choices,
        required=False,
        help_text="From where its token comes: a secret of ours, federation, or others.",
    )
    ownership_class = serializers.ChoiceField(
        OwnershipClass.choices,
        required=False,
        help_text="To whom it belongs. That of a vendor needs both owners and revocationProcedure.",
    )
    business_owner = WrittenOwner(required=False, allow_null=True, help_text="Answers for why it exists.")
    technical_owner = WrittenOwner(required=False, allow_null=True, help_text="Answers for how it works.")
    deputy_owner = WrittenOwner(required=False, allow_null=True, help_text="Answers when the others cannot.")
    owner_team = WrittenOwner(required=False, allow_null=True, help_text="The id or name of a team of the tenant.")
    purpose = serializers.CharField(max_length=members.MAX_TEXT, help_text="What it is for, in a sentence.")
    function = serializers.ChoiceField(Function.choices, **SILENT, help_text="What it does for a living.")
    trust_boundary = serializers.ChoiceField(TrustBoundary.choices, **SILENT, help_text="Which line its calls cross.")
    blast_radius = serializers.ChoiceField(BlastRadius.choices, **SILENT, help_text="How far its misuse would reach.")
    privilege_level = serializers.ChoiceField(
        PrivilegeLevel.choices, **SILENT, help_text="High and admin are triage red."
    )
    data_classification = serializers.CharField(max_length=64, **TEXT, help_text="The most sensitive data it reaches.")
    business_criticality = serializers.ChoiceField(Criticality.choices, **SILENT, help_text="What its failure costs.")
    internet_exposed = serializers.BooleanField(required=False, help_text="The internet can reach it.")
    customer_facing = serializers.BooleanField(required=False, help_text="Customers depend on it.")
    risk_tier = serializers.ChoiceField(
        RiskTier.choices, required=False, help_text="How closely it is watched: rotation, review, ways to sign in."
    )
    auth_method = serializers.ChoiceField(AuthMethod.choices, required=False, help_text=AUTH_METHOD_HELP)
    protocols = WrittenTexts(required=False, help_text="The protocols and tools it speaks; an agent has several.")
    upstream_trust_source = serializers.CharField(
        max_length=254, **TEXT, help_text='Who vouches for it: "<issuer or platform> subject=<pattern>".'
    )
    upstream_dependencies = WrittenTexts(required=False, help_text="What it needs to work.")
    downstream_systems = WrittenTexts(required=False, help_text="What it works on.")
    downstream_permissions = WrittenTexts(
        required=False, help_text="What it may do elsewhere, where our roles say nothing: a policy, a grant."
    )
    deprovisioning_trigger = serializers.CharField(**LONG, help_text="What ends it: an event, a date, a project.")
    revocation_procedure = serializers.CharField(**LONG, help_text="How it is switched off where it works.")
    revocation_tested_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="When that was last tried."
    )
    disable_strategy = serializers.ChoiceField(
        DisableStrategy.choices,
        **SILENT,
        help_text="Whether it can be switched off at once or needs a replacement first.",
    )
    rotation_interval_days = serializers.IntegerField(
        min_value=1,
        max_value=members.MAX_INTERVAL_DAYS,
        required=False,
        allow_null=True,
        help_text="Else by risk tier.",
    )
    expected_cadence = serializers.CharField(max_length=32, **TEXT, help_text=CADENCE_HELP)
    expires_at = serializers.DateTimeField(required=False, allow_null=True, help_text="When its purpose ends.")
    review_by = serializers.DateField(required=False, allow_null=True, help_text="By risk tier, where it is silent.")
    ticket = serializers.CharField(max_length=120, **TEXT, help_text="Where it was asked for.")
    repository = serializers.CharField(max_length=254, **TEXT, help_text="Where its code is.")
    business_unit = serializers.CharField(max_length=120, **TEXT, help_text="Who pays for it.")
    application = serializers.CharField(max_length=120, **TEXT, help_text="What it is part of.")
    vendor_contract = serializers.CharField(
        max_length=254, **TEXT, help_text="The contract behind a vendor's identity."
    )
    vendor_renewal_on = serializers.DateField(required=False, allow_null=True, help_text="When that is renewed.")
    tags = serializers.JSONField(required=False, help_text="An object of texts, or a list of texts.")


class NewIdentity(IdentityFacts):
    """An identity to enter."""

    tenant_id = serializers.UUIDField(required=False, help_text="Another tenant: platform administrator only.")
    issue_secret = serializers.BooleanField(required=False, default=False, help_text="Make a secret and show it once.")
    store_secret_at = SecretReferenceShape(
        required=False, help_text="Make a secret and put it into a vault; it is never shown."
    )
