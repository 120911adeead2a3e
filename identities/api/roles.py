"""Roles: named sets of permissions that identities may hold."""

from uuid import UUID

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access import selectors, services as access
from identities.access.matrix import Duty
from identities.access.models import Role
from identities.access.permissions import PERMISSIONS
from identities.api.schema import describe
from identities.api.serializers import ListQuery, Shape
from identities.api.views import PortalView


class RoleShape(Shape):
    """A role."""

    id = serializers.UUIDField(read_only=True, help_text="Immutable.")
    tenant_id = serializers.UUIDField(read_only=True, help_text="The tenant it belongs to.")
    name = serializers.CharField(help_text="Unique in the tenant, whatever its case; stands in tokens.")
    description = serializers.CharField(help_text="May be empty.")
    permissions = serializers.ListField(child=serializers.CharField(), help_text="In alphabetical order.")
    created_at = serializers.DateTimeField(read_only=True, help_text="When it was made.")
    updated_at = serializers.DateTimeField(read_only=True, help_text="When it last changed.")


class RoleFactsShape(Shape):
    """What of a role is written."""

    name = serializers.CharField(max_length=100, help_text="Unique in the tenant, whatever its case.")
    permissions = serializers.ListField(
        child=serializers.CharField(max_length=64),
        max_length=len(PERMISSIONS),
        help_text=f"Out of this list: {', '.join(sorted(PERMISSIONS))}.",
    )
    description = serializers.CharField(
        required=False, allow_blank=True, max_length=500, help_text="What it is for, in a sentence."
    )


class NewRoleShape(RoleFactsShape):
    """What a role is made of."""

    tenant_id = serializers.UUIDField(required=False, help_text="Platform administrator only; silent is the own one.")


class RoleQuery(ListQuery):
    """Filters of the list of roles."""

    name = serializers.CharField(required=False, max_length=100, help_text="Exactly this name, whatever its case.")


class RolesView(PortalView):
    """The roles that the caller sees."""

    tag = "roles"
    resource_kind = "role"
    duties = {"GET": Duty.READ_REGISTER, "POST": Duty.GOVERN}
    machine_permissions = {"GET": "role.read"}
    orderings = {"name": "name", "createdAt": "created_at", "updatedAt": "updated_at"}
    ordering = "name"

    @describe("List roles", answer=RoleShape, query=RoleQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query(RoleQuery)
        found = selectors.roles(self.listed_tenant_ids(query.get("tenant_id")))
        if "name" in query:
            found = found.filter(name__iexact=query["name"])
        return self.listing(found, RoleShape, query)

    @describe(
        "Make a role",
        body=NewRoleShape,
        answer=RoleShape,
        status=201,
        examples={"a role": {"name": "payroll-executor", "permissions": ["workflow.execute"]}},
    )
    def post(self, request: Request) -> Response:
        body = self.read(NewRoleShape)
        tenant = self.tenant_for(body.pop("tenant_id", None))
        return self.show(access.create_role(tenant=tenant, **body, actor=self.actor), RoleShape, status=201)


class RoleView(PortalView):
    """One role."""

    tag = "roles"
    resource_kind = "role"
    duties = {"GET": Duty.READ_REGISTER, "PATCH": Duty.GOVERN, "DELETE": Duty.GOVERN}
    machine_permissions = {"GET": "role.read"}

    @describe("Read a role", answer=RoleShape)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.show(self._role(id), RoleShape)

    @describe(
        "Change a role",
        body=RoleFactsShape,
        answer=RoleShape,
        examples={"another set": {"permissions": ["workflow.execute", "run.read"]}},
        description="Counts at once for every identity that holds the role.",
    )
    def patch(self, request: Request, id: UUID) -> Response:  # noqa: A002
        role = self._role(id)
        changed = access.change_role(role, **self.read(RoleFactsShape, partial=True), actor=self.actor)
        return self.show(changed, RoleShape)

    @describe("Delete a role nobody ever held", answer=None, status=204)
    def delete(self, request: Request, id: UUID) -> Response:  # noqa: A002
        access.remove_role(self._role(id), actor=self.actor)
        return Response(status=204)

    def _role(self, id: UUID) -> Role:  # noqa: A002
        return self.get_or_404(Role.objects.all(), id)


urlpatterns = [
    path("roles", RolesView.as_view(), name="roles"),
    path("roles/<uuid:id>", RoleView.as_view(), name="role"),
]
