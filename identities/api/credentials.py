"""Routes of secrets and keys: those of an identity, making one, replacing one, ending one."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.urls import path
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access import secret_reading, selectors as access
from identities.access.matrix import Duty
from identities.api import pagination, permissions
from identities.api.register_shapes import (
    PUBLIC_KEY,
    CreatedCredential,
    CredentialShape,
    NewCredential,
    RotatedCredential,
    Rotating,
    RotationShape,
)
from identities.api.schema import describe
from identities.api.serializers import ListQuery, ReasonShape
from identities.api.views import PortalView
from identities.credentials import keys, selectors, services as credentials
from identities.credentials.models import ClientKey, ClientSecret
from identities.credentials.places import place_of
from identities.errors import Invalid
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import rotations, services as lifecycle
from identities.vaults.references import SecretReference

BEYOND = (
    "A managed identity is shown no secret of one that may do more than itself: it goes where one of it rests already, "
    "or to a place in Steward's own vault that nobody else reads"
)


class IdentityCredentialsView(PortalView):
    """The secrets and keys of one identity."""

    resource_kind = "credential"
    duties: ClassVar = {"GET": Duty.READ_REGISTER, "POST": Duty.GOVERN}
    machine_permissions: ClassVar = {"GET": "identity.read", "POST": "credential.rotate"}
    orderings: ClassVar = {
        "createdAt": "created_at",
        "lastUsedAt": "last_used_at",
        "rotateBy": "rotate_by",
    }

    @describe("List secrets and keys of an identity", answer=CredentialShape, query=ListQuery, listing=True)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        query = self.read_query()
        identity = self.get_or_404(ManagedIdentity.objects.all(), id)
        order = pagination.order_for(query.get("ordering") or self.ordering, self.orderings)
        both = (selectors.secrets(identity).prefetch_related("showings"), selectors.keys(identity))
        found = pagination.page_of_both(*both, order=order, cursor=query.get("cursor"), size=query["page_size"])
        return self.page(found, CredentialShape)

    @describe(
        "Make a secret, or take a public key",
        answer=CreatedCredential,
        body=NewCredential,
        status=201,
        examples={
            "Shown once": {"kind": "client_secret"},
            "A public key": {"kind": "public_key", "publicKey": {"kty": "EC", "crv": "P-256", "x": "…", "y": "…"}},
        },
        description=(
            "`clientSecret` is shown once; with `storeSecretAt` it goes into the vault and is not shown. With "
            "`public_key` the identity proves itself by what it signs (private_key_jwt); the private half is refused. "
            "Beside one of the same kind it begins a rotation; 409 `overlap_still_open` while two work already."
        ),
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        identity = self.get_or_404(ManagedIdentity.objects.all(), id)
        body = self.read(NewCredential)
        if body.pop("kind") == PUBLIC_KEY:
            return self._take_key(identity, body)
        reference = body.get("store_secret_at")
        _check_may_see(self, identity, SecretReference(**reference) if reference else None)
        made = lifecycle.issue_secret(
            identity,
            actor=self.actor,
            store_at=SecretReference(**reference) if reference else None,
            expires_at=body.get("expires_at"),
            rotate_by=body.get("rotate_by"),
        )
        extra = {"clientSecret": made.text} if made.text else {}
        return self.show(made.secret, CredentialShape, status=201, **extra)

    def _take_key(self, identity: ManagedIdentity, body: dict[str, Any]) -> Response:
        """Whoever brings the key holds its other half: for a machine that is as if it were shown a secret."""
        _check_may_see(self, identity)
        body = {"kid" if name == "key_id" else name: value for name, value in body.items()}
        try:
            added = keys.add_key(identity, actor=self.actor, **body)
        except Invalid as error:
            named = {"key_id" if name == "kid" else name: said for name, said in error.errors.items()}
            raise Invalid(named, code=error.code) from None
        return self.show(added.key, CredentialShape, status=201)


class RotateCredentialView(PortalView):
    """The replacement of one secret by another, both of which work for a while."""

    resource_kind = "credential"
    duties: ClassVar = {"POST": Duty.GOVERN}
    machine_permissions: ClassVar = {"POST": "credential.rotate"}

    @describe(
        "Rotate a secret",
        answer=RotatedCredential,
        body=Rotating,
        status=201,
        examples={"As it is due": {"reason": "Due this month"}},
        description=(
            "Makes a new secret beside this one. Where this one rests in a vault, or with `storeSecretAt`, the new one "
            "is put there and shown to nobody: `rotation.deliveryStep` is `done` once a token was minted with what the "
            "vault gives back, and until then `rotation.deliveryProblem` says what stands in the way; it is tried "
            "again by itself, and the old one works all the while. Else `clientSecret` is shown once. 409 "
            "`overlap_still_open` while two secrets work already."
        ),
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        rows = ClientSecret.objects.select_related("identity")
        secret = self.get_or_404(rows, id, tenant_field="identity__tenant_id")
        body = self.read(Rotating)
        reference = body.get("store_secret_at")
        place = SecretReference(**reference) if reference else place_of(secret.stored_at)
        _check_may_see(self, secret.identity, place)
        made = rotations.rotate(secret.identity, secret=secret, reason=body["reason"], store_at=place, actor=self.actor)
        extra = {"clientSecret": made.text} if made.text else {}
        told = RotationShape(made.rotation).data
        return self.show(made.secret, CredentialShape, status=201, **extra, rotation=told)


class RevokeCredentialView(PortalView):
    """The end of one secret or key."""

    resource_kind = "credential"
    duties: ClassVar = {"POST": Duty.GOVERN}
    machine_permissions: ClassVar = {"POST": "credential.rotate"}

    @describe("Revoke a secret or a key", answer=CredentialShape, body=ReasonShape)
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        if ClientKey.objects.filter(pk=id).exists():
            return self._revoke_key(id)
        rows = ClientSecret.objects.select_related("identity")
        secret = self.get_or_404(rows, id, tenant_field="identity__tenant_id")
        return self.show(credentials.revoke(secret, actor=self.actor, **self.read(ReasonShape)), CredentialShape)

    def _revoke_key(self, id: UUID) -> Response:  # noqa: A002
        key = self.get_or_404(ClientKey.objects.select_related("identity"), id, tenant_field="identity__tenant_id")
        return self.show(keys.revoke_key(key, actor=self.actor, **self.read(ReasonShape)), CredentialShape)


def _check_may_see(view: PortalView, identity: ManagedIdentity, place: SecretReference | None = None) -> None:
    """A machine that came by another's secret could act as that one: it must hold all the other may do and be.

    It comes by what is shown (no `place`), and by what is put where it, or somebody it works with, may read.
    """
    principal, at = view.principal, timezone.now()
    if not principal.is_machine or identity.pk == principal.identity_id:
        return
    to_come = access.to_come(identity.pk, at)
    is_within = to_come.permissions <= principal.permissions and set(to_come.role_names) <= set(principal.role_names)
    if not is_within and not (place is not None and _is_kept_from_others(place, identity, at)):
        permissions.refuse(principal, view, "credential.rotate", BEYOND)


def _is_kept_from_others(place: SecretReference, identity: ManagedIdentity, at: datetime) -> bool:
    """Of vaults outside nobody here knows who reads where; so there it counts only where one of it rests already."""
    try:
        readers = secret_reading.readers_of(place, identity.tenant_id, at)
    except Invalid:
        return True  # no place at all: said by whoever is asked to put something there
    if identity in readers.own:
        return True
    others = [grant for grant in readers.grants if grant.identity_id != identity.pk]
    is_read = bool(readers.own) or any(secret_reading.is_in_force(grant, at) for grant in others)
    return place.provider == "local" and not is_read


urlpatterns = [
    path("identities/<uuid:id>/credentials", IdentityCredentialsView.as_view(), name="identity-credentials"),
    path("credentials/<uuid:id>/rotate", RotateCredentialView.as_view(), name="rotate-credential"),
    path("credentials/<uuid:id>/revoke", RevokeCredentialView.as_view(), name="revoke-credential"),
]
