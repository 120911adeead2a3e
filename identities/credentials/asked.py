"""What a token request asks of an identity, read beside the proof; any other field is read when somebody asks."""

from identities.inventory.models import ManagedIdentity

_ASKED = {
    "id",
    "tenant_id",
    "client_id",
    "name",
    "kind",
    "issuance",
    "environment",
    "risk_tier",
    "state",
    "state_changed_at",
    "expires_at",
    "tokens_revoked_at",
}
IDENTITY = tuple(field.attname for field in ManagedIdentity._meta.concrete_fields if field.attname in _ASKED)
