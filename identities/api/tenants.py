"""Tenants: read by all who may read the register, made and renamed by the platform administrator."""

from uuid import UUID

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.api.schema import describe
from identities.api.serializers import ListQuery, Shape
from identities.api.views import PortalView
from identities.people import selectors, services as people
from identities.people.models import Tenant

_PLATFORM_ONLY = "Only the platform administrator makes and renames tenants."


class TenantShape(Shape):
    """A tenant: a company, or a part of one, that sees nothing of the others."""

    id = serializers.UUIDField(read_only=True, help_text="Immutable.")
    name = serializers.CharField(max_length=120, help_text="Unique, whatever its case.")
    slug = serializers.CharField(read_only=True, help_text="A short name for scripts; made from the first name.")
    is_demo = serializers.BooleanField(read_only=True, help_text="Whether it holds the demo estate.")
    created_at = serializers.DateTimeField(read_only=True, help_text="When it was made.")


class NewTenantShape(Shape):
    """What a tenant is made of."""

    name = serializers.CharField(max_length=120, help_text="Unique, whatever its case.")
    slug = serializers.SlugField(max_length=50, required=False, help_text="Made from the name when it is left out.")


class RenamedTenantShape(Shape):
    """A tenant's new name."""

    name = serializers.CharField(max_length=120, help_text="Unique, whatever its case.")


class TenantQuery(ListQuery):
    """A list of tenants is not itself in a tenant."""

    tenant_id = None  # type: ignore[assignment]  # takes the field of the base away


class TenantsView(PortalView):
    """The tenants that the caller sees."""

    tag = "tenants"
    resource_kind = "tenant"
    duties = {"GET": Duty.READ_REGISTER, "POST": Duty.GOVERN}
    machine_permissions = {"GET": "identity.read"}
    only_for = {"POST": "only the platform administrator"}
    orderings = {"name": "name", "createdAt": "created_at"}
    ordering = "name"

    @describe("List tenants", answer=TenantShape, query=TenantQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query(TenantQuery)
        return self.listing(selectors.tenants(self.tenant_ids()), TenantShape, query)

    @describe(
        "Make a tenant",
        body=NewTenantShape,
        answer=TenantShape,
        status=201,
        examples={"a tenant": {"name": "Acme Payroll"}},
        description="Platform administrator only.",
    )
    def post(self, request: Request) -> Response:
        if not self.principal.is_platform_admin:
            self.refuse(_PLATFORM_ONLY)
        tenant = people.create_tenant(**self.read(NewTenantShape), actor=self.actor)
        return self.show(tenant, TenantShape, status=201)


class TenantView(PortalView):
    """One tenant."""

    tag = "tenants"
    resource_kind = "tenant"
    duties = {"GET": Duty.READ_REGISTER, "PATCH": Duty.GOVERN}
    machine_permissions = {"GET": "identity.read"}
    only_for = {"PATCH": "only the platform administrator"}

    @describe("Read a tenant", answer=TenantShape)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.show(self._tenant(id), TenantShape)

    @describe(
        "Rename a tenant",
        body=RenamedTenantShape,
        answer=TenantShape,
        examples={"a new name": {"name": "Acme Finance"}},
        description="Platform administrator only. The slug stays.",
    )
    def patch(self, request: Request, id: UUID) -> Response:  # noqa: A002
        tenant = self._tenant(id)
        if not self.principal.is_platform_admin:
            self.refuse(_PLATFORM_ONLY)
        body = self.read(RenamedTenantShape, partial=True)
        renamed = people.change_tenant(tenant, name=body.get("name", tenant.name), actor=self.actor)
        return self.show(renamed, TenantShape)

    def _tenant(self, id: UUID) -> Tenant:  # noqa: A002
        return self.get_or_404(Tenant.objects.all(), id, tenant_field="pk")


urlpatterns = [
    path("tenants", TenantsView.as_view(), name="tenants"),
    path("tenants/<uuid:id>", TenantView.as_view(), name="tenant"),
]
