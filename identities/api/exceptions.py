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
from identities.api.serializers import ListQuery, ReasonShape, Shape
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
    granted_by = serializers.CharField()
    granted_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True, help_text="Null unless somebody ended it before its day.")
    ended_reason = serializers.CharField()
    is_live = serializers.SerializerMethodField()

    @extend_schema_field(serializers.BooleanField())
    def get_is_live(self, row: Any) -> bool:
        return exceptions.is_live(row, timezone.now())


class NewException(Shape):
    """An exception to grant."""

    kind = serializers.ChoiceField(ExceptionKind.choices)
    reason = serializers.CharField(max_length=exceptions.MAX_REASON)
    expires_at = serializers.DateTimeField(help_text="At most a year from now.")
    ticket = serializers.CharField(max_length=exceptions.MAX_TICKET, required=False, allow_blank=True, default="")


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


urlpatterns = [
    path("identities/<uuid:id>/exceptions", IdentityExceptionsView.as_view(), name="identity-exceptions"),
    path("exceptions/<uuid:id>/end", EndExceptionView.as_view(), name="end-exception"),
]
