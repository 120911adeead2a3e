"""Routes of vault connections: the vaults that a secret reference may name."""

from typing import ClassVar
from uuid import UUID

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.api.schema import describe
from identities.api.serializers import ListQuery, Shape
from identities.api.views import PortalView
from identities.errors import Missing
from identities.inventory.vocabulary import Environment
from identities.vaults import selectors, services as vaults
from identities.vaults.models import VaultConnection

EXAMPLE = {
    "name": "Production vault",
    "provider": "hashicorp-vault",
    "vaultUri": "https://vault.example.com",
    "environment": "production",
    "settings": {"mount": "secret", "prefix": "steward", "token": "…"},
}


class VaultConnectionShape(Shape):
    """A vault that secret references may name; its credential is never shown."""

    id = serializers.UUIDField()
    tenant_id = serializers.UUIDField(allow_null=True, help_text="Null for Steward's own vault, which serves all.")
    name = serializers.CharField()
    provider = serializers.CharField()
    vault_uri = serializers.CharField()
    environment = serializers.CharField(help_text="Empty: it serves every environment.")
    settings = serializers.JSONField(help_text="Without the credential.")
    has_credential = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class VaultConnectionFacts(Shape):
    """What may be changed."""

    name = serializers.CharField(max_length=120)
    vault_uri = serializers.CharField(max_length=500)
    environment = serializers.ChoiceField(Environment.choices, required=False, allow_blank=True)
    settings = serializers.DictField(
        required=False, help_text="The provider's own; `token` among them is sealed and never shown again."
    )


class NewVaultConnection(VaultConnectionFacts):
    """A vault to connect."""

    provider = serializers.CharField(max_length=40, help_text="local, hashicorp-vault, …")
    tenant_id = serializers.UUIDField(required=False, help_text="Another tenant: platform administrator only.")


class VaultConnectionsView(PortalView):
    """The connected vaults."""

    tag = "vault connections"
    resource_kind = "vault_connection"
    duties: ClassVar = {"GET": Duty.READ_REGISTER, "POST": Duty.GOVERN}
    orderings: ClassVar = {"createdAt": "created_at", "name": "name"}
    ordering = "name"

    @describe("List vault connections", answer=VaultConnectionShape, query=ListQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query()
        rows = selectors.connections(self.listed_tenant_ids(query.get("tenant_id")))
        return self.listing(rows, VaultConnectionShape, query)

    @describe(
        "Connect a vault",
        answer=VaultConnectionShape,
        body=NewVaultConnection,
        status=201,
        examples={"HashiCorp Vault": EXAMPLE},
    )
    def post(self, request: Request) -> Response:
        body = self.read(NewVaultConnection)
        tenant = self.tenant_for(body.pop("tenant_id", None))
        made = vaults.connect(
            tenant_id=tenant.pk,
            actor=self.actor,
            may_use_deployment=self.principal.is_platform_admin,
            **body,
        )
        return self.show(made, VaultConnectionShape, status=201)


class VaultConnectionView(PortalView):
    """One connected vault."""

    tag = "vault connections"
    resource_kind = "vault_connection"
    duties: ClassVar = {"GET": Duty.READ_REGISTER, "PATCH": Duty.GOVERN, "DELETE": Duty.GOVERN}

    def connection(self) -> VaultConnection:
        """The row; the common one is everybody's to read and nobody's to change."""
        found = selectors.connections(self.tenant_ids()).filter(pk=self.kwargs["id"]).first()
        if found is None:
            raise Missing("There is no such thing.")
        return found

    @describe("Read a vault connection", answer=VaultConnectionShape)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.show(self.connection(), VaultConnectionShape)

    @describe("Change a vault connection", answer=VaultConnectionShape, body=VaultConnectionFacts)
    def patch(self, request: Request, id: UUID) -> Response:  # noqa: A002
        connection = self.connection()
        changed = vaults.change_connection(
            connection,
            actor=self.actor,
            may_use_deployment=self.principal.is_platform_admin,
            **self.read(VaultConnectionFacts, partial=True),
        )
        return self.show(changed, VaultConnectionShape)

    @describe("Forget a vault that holds nothing of ours", answer=None, status=204)
    def delete(self, request: Request, id: UUID) -> Response:  # noqa: A002
        vaults.remove_connection(self.connection(), actor=self.actor)
        return Response(status=204)


urlpatterns = [
    path("vaultConnections", VaultConnectionsView.as_view(), name="vault-connections"),
    path("vaultConnections/<uuid:id>", VaultConnectionView.as_view(), name="vault-connection"),
]
