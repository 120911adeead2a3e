"""Bodies and answers around an identity: its secrets, where they rest, and what depends on it."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from identities.api.serializers import Shape
from identities.credentials import naming, selectors
from identities.credentials.models import ClientKey, Delivery, DeliveryStep, RotationState
from identities.inventory.dependencies.base import Direction
from identities.inventory.vocabulary import DisableStrategy
from identities.names import camel

CLIENT_SECRET, PUBLIC_KEY = "client_secret", "public_key"
CREDENTIAL_KINDS = [(CLIENT_SECRET, "Client secret"), (PUBLIC_KEY, "Public key")]


class SecretReferenceShape(Shape):
    """Where a secret rests: a name in a vault that an administrator has connected."""

    provider = serializers.CharField(max_length=40)
    vault_uri = serializers.CharField(max_length=500)
    secret_name = serializers.CharField(max_length=300)
    version = serializers.CharField(max_length=300, required=False)


class ShowingShape(Shape):
    """Somebody who was shown the text of a secret."""

    user_id = serializers.UUIDField(
        source="person_id", allow_null=True, help_text="Null: no account of the portal, or one that is gone."
    )
    label = serializers.CharField()  # type: ignore[assignment]  # a member, not the field's own label
    shown_at = serializers.DateTimeField()


class CredentialShape(Shape):
    """A secret of an identity, without the secret; or a public key that it signs with."""

    id = serializers.UUIDField()
    kind = serializers.SerializerMethodField()
    identity_id = serializers.UUIDField()
    hint = serializers.SerializerMethodField()
    key_id = serializers.CharField(
        source="kid", default=None, allow_null=True, help_text="`kid`; only of a key, as the next three."
    )
    name = serializers.CharField(default=None, allow_null=True)
    alg = serializers.CharField(default=None, allow_null=True)
    thumbprint = serializers.CharField(default=None, allow_null=True, help_text="RFC 7638.")
    created_at = serializers.DateTimeField()
    created_by = serializers.CharField()
    stored_at = serializers.JSONField(default=None, help_text="The vault reference, if it was put into one.")
    rotate_by = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    revoked_reason = serializers.CharField()
    first_used_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="Null: never used. At most 5 s late.")
    throttled_at = serializers.DateTimeField(
        allow_null=True, help_text="Past its cutover: since then it is served once a minute."
    )
    uses = serializers.IntegerField()
    renewed_at = serializers.DateTimeField(allow_null=True, help_text="When somebody last moved `rotateBy` on purpose.")
    shown_to = serializers.SerializerMethodField()
    is_live = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ChoiceField(CREDENTIAL_KINDS))
    def get_kind(self, row: Any) -> str:
        return PUBLIC_KEY if isinstance(row, ClientKey) else CLIENT_SECRET

    @extend_schema_field(serializers.CharField(help_text="The last characters of a secret, the id of a key."))
    def get_hint(self, row: Any) -> str:
        return naming.hint(row)

    @extend_schema_field(ShowingShape(many=True))
    def get_shown_to(self, row: Any) -> list[dict[str, Any]]:
        if isinstance(row, ClientKey):
            return []
        shown = sorted(row.showings.all(), key=lambda showing: (showing.shown_at, showing.pk))
        return [dict(ShowingShape(showing).data) for showing in shown]

    @extend_schema_field(serializers.BooleanField())
    def get_is_live(self, row: Any) -> bool:
        return selectors.is_live(row, timezone.now())


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "object"}]})
class PublicKeyField(serializers.JSONField):
    """A public key: PEM as a text, or a JWK as an object."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str | dict):
            raise serializers.ValidationError("PEM as a text, or a JWK as an object.")
        return data


class NewCredential(Shape):
    """A secret to make, or a public key to take."""

    kind = serializers.ChoiceField(CREDENTIAL_KINDS)
    store_secret_at = SecretReferenceShape(required=False)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    public_key = PublicKeyField(required=False, write_only=True, help_text="PEM or JWK; never the private half.")
    key_id = serializers.CharField(
        max_length=128, required=False, help_text="`kid`; else the one in the JWK, else the thumbprint."
    )
    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    rotate_by = serializers.DateTimeField(required=False, help_text="When it is due; else as the policy says.")
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)

    def validate(self, attrs: Any) -> Any:
        is_key = attrs["kind"] == PUBLIC_KEY
        others = ("store_secret_at",) if is_key else ("public_key", "key_id", "name", "reason")
        wrong = {camel(name): [f"Not with {attrs['kind']}."] for name in others if name in attrs}
        if is_key and "public_key" not in attrs:
            wrong["publicKey"] = ["A public key, in PEM or as a JWK."]
        if wrong:
            raise serializers.ValidationError(wrong)
        return attrs


class CreatedCredential(CredentialShape):
    """A new secret; its text is here once, unless it was put into a vault."""

    client_secret = serializers.CharField(required=False)


class Rotating(Shape):
    """Why a secret is replaced, and where the new one goes; left out, to where the old one rests."""

    reason = serializers.CharField(max_length=500)
    store_secret_at = SecretReferenceShape(required=False)


class RotationShape(Shape):
    """One replacement: both secrets work until the old one has been silent for its time."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(RotationState.choices)
    old_id = serializers.UUIDField(allow_null=True)
    cutover_deadline = serializers.DateTimeField(help_text="Until then the old one should have fallen silent.")
    delivery = serializers.ChoiceField(Delivery.choices)
    delivery_step = serializers.ChoiceField(DeliveryStep.choices, help_text="`done`: it is in the vault, or was shown.")
    delivery_problem = serializers.CharField(help_text="A stable code; empty where nothing stands in the way.")
    delivery_reason = serializers.CharField()
    deliver_at = serializers.DateTimeField(allow_null=True, help_text="When it is tried again by itself.")


class RotatedCredential(CreatedCredential):
    """The new secret, and the rotation that it has begun."""

    rotation = RotationShape()


class DependencyShape(Shape):
    """One thing joined to the identity: `downstream` breaks if it is removed, `upstream` is what it needs itself."""

    kind = serializers.CharField()
    id = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field, not the field's own label
    detail = serializers.CharField(help_text="What happens if the identity is removed.")
    direction = serializers.ChoiceField([direction.value for direction in Direction])
    evidence = serializers.CharField(help_text="How it is known.")
    last_seen_at = serializers.DateTimeField(allow_null=True, help_text="Null: nobody saw it used.")


class DependenciesShape(Shape):
    """What breaks if the identity is removed, and whether it may be disabled at once."""

    results = DependencyShape(many=True)
    disable_strategy = serializers.ChoiceField(
        DisableStrategy.choices, allow_null=True, help_text="Null: nobody has said."
    )
