"""The bodies and answers of the register: identities, their owners and their secrets."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from identities.api.serializers import ListQuery, Reference, Shape
from identities.credentials import selectors
from identities.inventory.models import (
    Environment,
    Issuance,
    Kind,
    ManagedIdentity,
    OwnershipClass,
    RiskTier,
)
from identities.inventory.states import State

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


def _is_text(value: object) -> bool:
    return value is None or isinstance(value, str)


class SecretReferenceShape(Shape):
    """Where a secret rests: a name in a vault that an administrator has connected."""

    provider = serializers.CharField(max_length=40)
    vault_uri = serializers.CharField(max_length=500)
    secret_name = serializers.CharField(max_length=300)
    version = serializers.CharField(max_length=300, required=False)


class IdentityFacts(Shape):
    """What may be written about an identity, on create and by PATCH."""

    name = serializers.CharField(max_length=120, help_text="Unique in the tenant among identities not retired.")
    description = serializers.CharField(max_length=4000, required=False, allow_blank=True)
    environment = serializers.ChoiceField(Environment.choices)
    kind = serializers.ChoiceField(Kind.choices, required=False)
    issuance = serializers.ChoiceField(Issuance.choices, required=False)
    ownership_class = serializers.ChoiceField(OwnershipClass.choices, required=False)
    business_owner = WrittenOwner(required=False, allow_null=True)
    technical_owner = WrittenOwner(required=False, allow_null=True)
    deputy_owner = WrittenOwner(required=False, allow_null=True)
    owner_team = WrittenOwner(required=False, allow_null=True, help_text="The id or name of a team of the tenant.")
    purpose = serializers.CharField(max_length=4000)
    data_classification = serializers.CharField(max_length=64, required=False, allow_blank=True)
    risk_tier = serializers.ChoiceField(RiskTier.choices, required=False)
    internet_exposed = serializers.BooleanField(required=False)
    customer_facing = serializers.BooleanField(required=False)
    revocation_procedure = serializers.CharField(max_length=4000, required=False, allow_blank=True)
    rotation_interval_days = serializers.IntegerField(min_value=1, max_value=3650, required=False, allow_null=True)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    review_by = serializers.DateField(required=False, allow_null=True, help_text="By risk tier, where it is silent.")
    ticket = serializers.CharField(max_length=120, required=False, allow_blank=True)
    repository = serializers.CharField(max_length=254, required=False, allow_blank=True)
    business_unit = serializers.CharField(max_length=120, required=False, allow_blank=True)
    application = serializers.CharField(max_length=120, required=False, allow_blank=True)
    tags = serializers.JSONField(required=False, help_text="An object of texts, or a list of texts.")


class NewIdentity(IdentityFacts):
    """An identity to enter."""

    tenant_id = serializers.UUIDField(required=False, help_text="Another tenant: platform administrator only.")
    issue_secret = serializers.BooleanField(required=False, default=False, help_text="Make a secret and show it once.")
    store_secret_at = SecretReferenceShape(
        required=False, help_text="Make a secret and put it into a vault; it is never shown."
    )


class IdentityShape(Shape):
    """An identity as the register knows it."""

    id = serializers.UUIDField()
    tenant_id = serializers.UUIDField()
    client_id = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    environment = serializers.ChoiceField(Environment.choices)
    kind = serializers.ChoiceField(Kind.choices)
    issuance = serializers.ChoiceField(Issuance.choices)
    ownership_class = serializers.ChoiceField(OwnershipClass.choices)
    business_owner = serializers.SerializerMethodField()
    technical_owner = serializers.SerializerMethodField()
    deputy_owner = serializers.SerializerMethodField()
    owner_team = serializers.SerializerMethodField()
    purpose = serializers.CharField()
    data_classification = serializers.CharField()
    risk_tier = serializers.ChoiceField(RiskTier.choices)
    internet_exposed = serializers.BooleanField()
    customer_facing = serializers.BooleanField()
    revocation_procedure = serializers.CharField()
    rotation_interval_days = serializers.IntegerField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    review_by = serializers.DateField(allow_null=True)
    ticket = serializers.CharField()
    repository = serializers.CharField()
    business_unit = serializers.CharField()
    application = serializers.CharField()
    tags = serializers.JSONField()
    state = serializers.ChoiceField([state.value for state in State])
    state_reason = serializers.CharField()
    state_changed_at = serializers.DateTimeField()
    is_enabled = serializers.BooleanField(help_text="The state is active.")
    roles = serializers.SerializerMethodField(help_text="The roles it holds now, by name.")
    rotate_by = serializers.SerializerMethodField(help_text="When the first of its live secrets is due.")
    last_rotated_at = serializers.SerializerMethodField(help_text="When the newest of its live secrets was made.")
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="Null: never seen. At most 5 s late.")
    provenance = serializers.JSONField()
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

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_rotate_by(self, row: Any) -> str | None:
        return _moment(min((secret.rotate_by for secret in row.live_secrets), default=None))

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_last_rotated_at(self, row: Any) -> str | None:
        return _moment(max((secret.created_at for secret in row.live_secrets), default=None))


class CreatedIdentity(IdentityShape):
    """A new identity; the secret is here once, if it was asked for, and nowhere afterwards."""

    client_secret = serializers.CharField(required=False)


class IdentityQuery(ListQuery):
    """The filters of the list of identities."""

    environment = serializers.ChoiceField(Environment.choices, required=False)
    state = serializers.ChoiceField([state.value for state in State], required=False)
    kind = serializers.ChoiceField(Kind.choices, required=False)
    issuance = serializers.ChoiceField(Issuance.choices, required=False)
    ownership_class = serializers.ChoiceField(OwnershipClass.choices, required=False)
    risk_tier = serializers.ChoiceField(RiskTier.choices, required=False)
    owner = serializers.CharField(max_length=254, required=False, help_text="An id, an e-mail or a label.")
    owner_team = serializers.CharField(max_length=120, required=False, help_text="An id or a name.")
    q = serializers.CharField(max_length=120, required=False, help_text="Anywhere in name, client id, purpose, owner…")
    last_used_before = serializers.DateTimeField(required=False, help_text="Not seen since; never seen counts.")
    never_used = serializers.BooleanField(required=False, allow_null=True, default=None)


class CredentialShape(Shape):
    """A secret of an identity, without the secret."""

    id = serializers.UUIDField()
    kind = serializers.CharField(default="client_secret", read_only=True)
    identity_id = serializers.UUIDField()
    hint = serializers.CharField(help_text="The last characters.")
    created_at = serializers.DateTimeField()
    created_by = serializers.CharField()
    stored_at = serializers.JSONField(allow_null=True, help_text="The vault reference, if it was put into one.")
    rotate_by = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    revoked_reason = serializers.CharField()
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="Null: never used. At most 5 s late.")
    uses = serializers.IntegerField()
    is_live = serializers.SerializerMethodField()

    @extend_schema_field(serializers.BooleanField())
    def get_is_live(self, row: Any) -> bool:
        return selectors.is_live(row, timezone.now())


class NewCredential(Shape):
    """A secret to make."""

    kind = serializers.ChoiceField([("client_secret", "Client secret")])
    store_secret_at = SecretReferenceShape(required=False)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)


class CreatedCredential(CredentialShape):
    """A new secret; its text is here once, unless it was put into a vault."""

    client_secret = serializers.CharField(required=False)


class DependencyShape(Shape):
    """One thing that breaks if the identity is removed."""

    kind = serializers.CharField()
    id = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field, not the field's own label
    detail = serializers.CharField()


class DependenciesShape(Shape):
    """What breaks if the identity is removed."""

    results = DependencyShape(many=True)


def _owner(key: Any, label: str) -> dict[str, Any] | None:
    if key is None:
        return {"label": label} if label else None
    return {"id": str(key), "label": label}


def _moment(at: datetime | None) -> str | None:
    return serializers.DateTimeField().to_representation(at) if at else None
