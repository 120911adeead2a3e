"""Routes of exceptions from the policy: those of an identity, granting one, ending one."""

from typing import Any, ClassVar
from uuid import UUID

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.api.schema import describe
from identities.api.serializers import ListQuery, ReasonShape, Reference, Shape
from identities.api.views import PortalView
from identities.inventory import exceptions
from identities.inventory.models import ExceptionKind, ManagedIdentity, PolicyException


class ExceptionShape(Shape):
    """What one identity may do beyond the policy, why, and until when; it ends by itself."""

    id = serializers.UUIDField()
    identity_id = serializers.UUIDField()
    kind = serializers.ChoiceField(ExceptionKind.choices)
    reason = serializers.CharField()
    ticket = serializers.CharField()
    owner = serializers.SerializerMethodField(help_text="Who answers for it; null where nobody was named.")
    renews_id = serializers.UUIDField(allow_null=True, help_text="The one that it renews, by a decision of its own.")
    granted_by = serializers.CharField()
    granted_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True, help_text="Null unless somebody ended it before its day.")
    ended_reason = serializers.CharField()
    is_live = serializers.SerializerMethodField()

    @extend_schema_field(Reference(allow_null=True))
    def get_owner(self, row: PolicyException) -> dict[str, Any] | None:
        return (
            {"id": str(row.owner_id) if row.owner_id else None, "label": row.owner_label} if row.owner_label else None
        )

    @extend_schema_field(serializers.BooleanField())
    def get_is_live(self, row: Any) -> bool:
        return exceptions.is_live(row, timezone.now())


class RenewedException(Shape):
    """A decision to go on, for reasons of its own."""

    reason = serializers.CharField(max_length=exceptions.MAX_REASON)
    expires_at = serializers.DateTimeField(help_text="At most a year from now.")
    ticket = serializers.CharField(max_length=exceptions.MAX_TICKET, required=False, allow_blank=True, default="")
    owner = serializers.CharField(
        max_length=254,
        required=False,
        allow_blank=True,
        default="",
        help_text="Who answers for it: a person of the tenant, by id or e-mail address. Silent whoever grants it; of "
        "the kind `shared_identity` somebody is to be named.",
    )


class NewException(RenewedException):
    """An exception to grant."""

    kind = serializers.ChoiceField(ExceptionKind.choices)


class ExceptionQuery(ListQuery):
    """Which exceptions."""

    state = serializers.ChoiceField(["live", "ending", "over"], required=False)
    kind = serializers.ChoiceField(ExceptionKind.choices, required=False)
    identity_id = serializers.UUIDField(required=False)


class ExceptionsView(PortalView):
    """The exceptions of a tenant."""

    tag = "exceptions"
    resource_kind = "exception"
    http_method_names = ["get", "head"]
    duties: ClassVar = {"GET": Duty.READ_REGISTER}
    machine_permissions: ClassVar = {"GET": "identity.read"}
    orderings: ClassVar = {"grantedAt": "granted_at", "expiresAt": "expires_at"}
    ordering: ClassVar = "-grantedAt"

    @describe("List exceptions", answer=ExceptionShape, query=ExceptionQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query(ExceptionQuery)
        rows, at = exceptions.exceptions(self.listed_tenant_ids(query.get("tenant_id"))), timezone.now()
        if state := query.get("state"):
            rows = rows.filter(exceptions.in_state(state, at))
        exact = {name: query[name] for name in ("kind", "identity_id") if query.get(name)}
        return self.listing(rows.filter(**exact), ExceptionShape, query)


class IdentityExceptionsView(PortalView):
    """The exceptions of one identity."""

    resource_kind = "exception"
    duties: ClassVar = {"GET": Duty.READ_REGISTER, "POST": Duty.GOVERN}
    machine_permissions: ClassVar = {"GET": "identity.read"}
    orderings: ClassVar = {"grantedAt": "granted_at", "expiresAt": "expires_at"}
    ordering: ClassVar = "-grantedAt"

    @describe("List the exceptions of an identity", answer=ExceptionShape, query=ListQuery, listing=True)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        query = self.read_query()
        identity = self.get_or_404(ManagedIdentity.objects.all(), id)
        return self.listing(PolicyException.objects.filter(identity=identity), ExceptionShape, query)

    @describe(
        "Grant an exception",
        answer=ExceptionShape,
        body=NewException,
        status=201,
        examples={
            "A secret that may wait": {
                "kind": "rotation_beyond_maximum",
                "reason": "The vendor takes a new secret only with its next release.",
                "expiresAt": "2026-09-30T00:00:00Z",
                "ticket": "OPS-4711",
            }
        },
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        identity = self.get_or_404(ManagedIdentity.objects.all(), id)
        made = exceptions.grant(identity, actor=self.actor, **self.read(NewException))
        return self.show(made, ExceptionShape, status=201)


class EndExceptionView(PortalView):
    """The end of one exception before its day."""

    resource_kind = "exception"
    duties: ClassVar = {"POST": Duty.GOVERN}

    @describe("End an exception", answer=ExceptionShape, body=ReasonShape)
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        rows = PolicyException.objects.select_related("identity")
        exception = self.get_or_404(rows, id, tenant_field="identity__tenant_id")
        return self.show(exceptions.end(exception, actor=self.actor, **self.read(ReasonShape)), ExceptionShape)


class RenewExceptionView(PortalView):
    """A decision to go on."""

    resource_kind = "exception"
    duties: ClassVar = {"POST": Duty.GOVERN}

    @describe(
        "Renew an exception",
        answer=ExceptionShape,
        body=RenewedException,
        status=201,
        description="A decision of its own, with its own reason, owner and end: a new row; the old one ends now.",
        examples={
            "Once more": {"reason": "The release slipped to May.", "expiresAt": "2027-05-31T00:00:00Z"},
        },
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        rows = PolicyException.objects.select_related("identity")
        exception = self.get_or_404(rows, id, tenant_field="identity__tenant_id")
        made = exceptions.renew(exception, actor=self.actor, **self.read(RenewedException))
        return self.show(made, ExceptionShape, status=201)


urlpatterns = [
    path("exceptions", ExceptionsView.as_view(), name="exceptions"),
    path("exceptions/<uuid:id>/renew", RenewExceptionView.as_view(), name="renew-exception"),
    path("identities/<uuid:id>/exceptions", IdentityExceptionsView.as_view(), name="identity-exceptions"),
    path("exceptions/<uuid:id>/end", EndExceptionView.as_view(), name="end-exception"),
]
