"""Routes of secrets: those of an identity, making one, replacing one, ending one."""

from typing import ClassVar
from uuid import UUID

from django.urls import path
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access import selectors as access
from identities.access.matrix import Duty
from identities.api import permissions
from identities.api.register_shapes import (
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
from identities.credentials import selectors, services as credentials
from identities.credentials.models import ClientSecret
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import rotations, services as lifecycle
from identities.vaults.references import SecretReference

BEYOND = "A managed identity is shown no secret of one that may do more than itself; storeSecretAt shows it to nobody"


class IdentityCredentialsView(PortalView):
    """The secrets of one identity."""

    resource_kind = "credential"
    duties: ClassVar = {"GET": Duty.READ_REGISTER, "POST": Duty.GOVERN}
    machine_permissions: ClassVar = {"GET": "identity.read", "POST": "credential.rotate"}
    orderings: ClassVar = {
        "createdAt": "created_at",
        "lastUsedAt": "last_used_at",
        "rotateBy": "rotate_by",
    }

    @describe("List the secrets of an identity", answer=CredentialShape, query=ListQuery, listing=True)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        query = self.read_query()
        identity = self.get_or_404(ManagedIdentity.objects.all(), id)
        return self.listing(selectors.secrets(identity), CredentialShape, query)

    @describe(
        "Make a secret",
        answer=CreatedCredential,
        body=NewCredential,
        status=201,
        examples={"Shown once": {"kind": "client_secret"}},
        description="`clientSecret` is shown once; with `storeSecretAt` it goes into the vault and is not shown.",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        identity = self.get_or_404(ManagedIdentity.objects.all(), id)
        body = self.read(NewCredential)
        reference = body.get("store_secret_at")
        if reference is None:
            _check_may_see(self, identity)
        made = lifecycle.issue_secret(
            identity,
            actor=self.actor,
            store_at=SecretReference(**reference) if reference else None,
            expires_at=body.get("expires_at"),
        )
        extra = {"clientSecret": made.text} if made.text else {}
        return self.show(made.secret, CredentialShape, status=201, **extra)


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
        if reference is None and not secret.stored_at:
            _check_may_see(self, secret.identity)
        made = rotations.rotate(
            secret.identity,
            secret=secret,
            reason=body["reason"],
            store_at=SecretReference(**reference) if reference else None,
            actor=self.actor,
        )
        extra = {"clientSecret": made.text} if made.text else {}
        told = RotationShape(made.rotation).data
        return self.show(made.secret, CredentialShape, status=201, **extra, rotation=told)


class RevokeCredentialView(PortalView):
    """The end of one secret."""

    resource_kind = "credential"
    duties: ClassVar = {"POST": Duty.GOVERN}
    machine_permissions: ClassVar = {"POST": "credential.rotate"}

    @describe("Revoke a secret", answer=CredentialShape, body=ReasonShape)
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        rows = ClientSecret.objects.select_related("identity")
        secret = self.get_or_404(rows, id, tenant_field="identity__tenant_id")
        return self.show(credentials.revoke(secret, actor=self.actor, **self.read(ReasonShape)), CredentialShape)


def _check_may_see(view: PortalView, identity: ManagedIdentity) -> None:
    """A machine that was shown another's secret could act as that one: it must hold all the other may do."""
    principal = view.principal
    if not principal.is_machine or identity.pk == principal.identity_id:
        return
    if not access.permissions_to_come(identity.pk, timezone.now()) <= principal.permissions:
        permissions.refuse(principal, view, "credential.rotate", BEYOND)


urlpatterns = [
    path("identities/<uuid:id>/credentials", IdentityCredentialsView.as_view(), name="identity-credentials"),
    path("credentials/<uuid:id>/rotate", RotateCredentialView.as_view(), name="rotate-credential"),
    path("credentials/<uuid:id>/revoke", RevokeCredentialView.as_view(), name="revoke-credential"),
]
