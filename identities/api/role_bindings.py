"""Role bindings: which identity holds which role, from when to when, and why."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import path
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access import selectors, services as access
from identities.access.matrix import Duty
from identities.access.models import Role, RoleBinding
from identities.api.change_control import ChangedReasonShape, ChangeShape, stated
from identities.api.schema import describe
from identities.api.serializers import ListQuery, ReasonShape, Reference, Shape
from identities.api.views import PortalView
from identities.inventory.models import ManagedIdentity


class RoleBindingShape(Shape):
    """One identity holds one role for a span of time."""

    id = serializers.UUIDField(help_text="Immutable.")
    identity_id = serializers.UUIDField(help_text="Who holds it.")
    role = serializers.CharField(source="role.name", help_text="The name of the role.")
    role_id = serializers.UUIDField(help_text="The role.")
    valid_from = serializers.DateTimeField(help_text="The first instant at which it gives the role.")
    valid_until = serializers.DateTimeField(help_text="The first instant at which it no longer does.")
    is_effective = serializers.SerializerMethodField(help_text="Whether it gives the role now.")
    reason = serializers.CharField(help_text="Why it was granted.")
    granted_by = serializers.SerializerMethodField(help_text="Who granted it, as they were known then.")
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="Null when it was never used.")
    ended_at = serializers.DateTimeField(allow_null=True, help_text="When it was ended before its time.")
    ended_reason = serializers.CharField(help_text="Why it was ended; empty otherwise.")
    created_at = serializers.DateTimeField(help_text="When it was granted.")

    def get_is_effective(self, binding: RoleBinding) -> bool:
        return binding.is_effective(timezone.now())

    def get_granted_by(self, binding: RoleBinding) -> Reference:
        known: UUID | None = None
        with suppress(ValueError):  # a part of Steward has a name for an id
            known = UUID(binding.granted_by_id)
        return {"id": known, "label": binding.granted_by}  # type: ignore[return-value]  # drf-spectacular reads the hint


class NewRoleBindingShape(Shape):
    """Who gets which role, until when and why."""

    identity_id = serializers.UUIDField(help_text="The identity.")
    role = serializers.CharField(max_length=100, help_text="The name, or the id, of a role of the identity's tenant.")
    valid_until = serializers.DateTimeField(help_text="Always: nothing is granted for ever.")
    reason = serializers.CharField(max_length=500, help_text="Why; kept with the binding and in the audit.")
    valid_from = serializers.DateTimeField(required=False, help_text="Silent is now.")
    change = ChangeShape(required=False, help_text="What stands behind the change.")


class RoleBindingQuery(ListQuery):
    """Filters of the list of bindings."""

    identity_id = serializers.UUIDField(required=False, help_text="Only of this identity.")
    role = serializers.CharField(required=False, max_length=100, help_text="Only of the role of this name.")
    is_effective = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Only those that give their role now, or do not."
    )


class RoleBindingsView(PortalView):
    """The bindings that the caller sees."""

    tag = "roleBindings"
    resource_kind = "role_binding"
    duties = {"GET": Duty.READ_REGISTER, "POST": Duty.GOVERN}
    machine_permissions = {"GET": "role.read"}
    orderings = {
        "createdAt": "created_at",
        "validFrom": "valid_from",
        "validUntil": "valid_until",
        "lastUsedAt": "last_used_at",
    }

    @describe("List role bindings", answer=RoleBindingShape, query=RoleBindingQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query(RoleBindingQuery)
        found = selectors.bindings(self.listed_tenant_ids(query.get("tenant_id")))
        return self.listing(_filtered(found, query), RoleBindingShape, query)

    @describe(
        "Grant a role",
        body=NewRoleBindingShape,
        answer=RoleBindingShape,
        status=201,
        examples={
            "until the end of the year": {
                "identityId": "0b6f5d0e-2f3a-4c6e-9a53-3f1f8a3f6f10",
                "role": "payroll-executor",
                "validUntil": "2027-12-31T00:00:00Z",
                "reason": "Runs the monthly payroll",
            }
        },
        description="409 while the identity holds the same role in an overlapping span.",
    )
    def post(self, request: Request) -> Response:
        body = self.read(NewRoleBindingShape)
        identity = self._identity(body.pop("identity_id"))
        role = _role(identity, body.pop("role"))
        with stated(body):
            made = access.grant(identity, role, **body, actor=self.actor)
        return self.show(made, RoleBindingShape, status=201)

    def _identity(self, identity_id: UUID) -> ManagedIdentity:
        found = ManagedIdentity.objects.filter(pk=identity_id)
        tenants = self.tenant_ids()
        identity = (found if tenants is None else found.filter(tenant_id__in=tenants)).first()
        if identity is None:
            raise serializers.ValidationError({"identityId": ["There is no such identity."]})
        return identity


class RoleBindingView(PortalView):
    """One binding."""

    tag = "roleBindings"
    resource_kind = "role_binding"
    duties = {"GET": Duty.READ_REGISTER, "DELETE": Duty.GOVERN}
    machine_permissions = {"GET": "role.read"}

    @describe("Read a role binding", answer=RoleBindingShape)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.show(_binding(self, id), RoleBindingShape)

    @describe(
        "End a role binding",
        body=ChangedReasonShape,
        answer=None,
        status=204,
        description="The role is gone at once; the row stays as evidence. The body may give a reason.",
    )
    def delete(self, request: Request, id: UUID) -> Response:  # noqa: A002
        binding = _binding(self, id)
        body = self.read(ChangedReasonShape) if request.data else {"reason": ""}
        with stated(body):
            access.end_binding(binding, reason=body["reason"] or "Ended over the API", actor=self.actor)
        return Response(status=204)


class EndingShape(ReasonShape):
    """Why it ends, and what there is to say about the change."""

    change = ChangeShape(required=False, help_text="What stands behind the change.")


class EndRoleBindingView(PortalView):
    """End a binding with a reason, and see what became of it."""

    tag = "roleBindings"
    resource_kind = "role_binding"
    duties = {"POST": Duty.GOVERN}

    @describe(
        "End a role binding and show it",
        body=EndingShape,
        answer=RoleBindingShape,
        examples={"a reason": {"reason": "The job was moved"}},
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        binding, body = _binding(self, id), self.read(EndingShape)
        with stated(body):
            return self.show(access.end_binding(binding, **body, actor=self.actor), RoleBindingShape)


def _binding(view: PortalView, id: UUID) -> RoleBinding:  # noqa: A002
    return view.get_or_404(selectors.bindings(None), id, tenant_field="identity__tenant_id")


def _role(identity: ManagedIdentity, wanted: str) -> Role:
    """A role of the identity's own tenant, by name or id; unknown and foreign are one answer."""
    match = Q(name__iexact=wanted.strip())
    with suppress(ValueError):
        match |= Q(pk=UUID(wanted))
    role = Role.objects.filter(match, tenant_id=identity.tenant_id).first()
    if role is None:
        raise serializers.ValidationError({"role": ["There is no such role."]})
    return role


def _filtered(found: QuerySet[RoleBinding], query: dict[str, Any]) -> QuerySet[RoleBinding]:
    if "identity_id" in query:
        found = found.filter(identity_id=query["identity_id"])
    if "role" in query:
        found = found.filter(role__name__iexact=query["role"])
    if query["is_effective"] is not None:
        effective = RoleBinding.objects.effective(timezone.now())
        found = found.filter(pk__in=effective) if query["is_effective"] else found.exclude(pk__in=effective)
    return found


urlpatterns = [
    path("roleBindings", RoleBindingsView.as_view(), name="role-bindings"),
    path("roleBindings/<uuid:id>", RoleBindingView.as_view(), name="role-binding"),
    path("roleBindings/<uuid:id>/end", EndRoleBindingView.as_view(), name="role-binding-end"),
]
