"""Routes of credentials that live elsewhere: their names and dates, never their value."""

from typing import Any, ClassVar
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.api.schema import describe
from identities.api.serializers import ListQuery, OptionalReasonShape, Shape
from identities.api.views import PortalView
from identities.credentials import elsewhere
from identities.credentials.models import ExternalCredential, ExternalKind
from identities.inventory.models import ManagedIdentity

EXAMPLES: dict[str, Any] = {
    "A token at a vendor": {"kind": "api_token", "name": "billing token", "rotateBy": "2027-01-31T00:00:00Z"},
    "A certificate": {"certificate": "-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n"},
}


class CertificateShape(Shape):
    """What was read in a certificate."""

    subject = serializers.CharField()
    issuer = serializers.CharField()
    serial = serializers.CharField(help_text="In hex.")
    not_before = serializers.DateTimeField()
    key_algorithm = serializers.CharField()
    key_size = serializers.IntegerField(allow_null=True, help_text="In bits.")


class ExternalCredentialShape(Shape):
    """A key, token or certificate that lives elsewhere."""

    id = serializers.UUIDField()
    identity_id = serializers.UUIDField()
    kind = serializers.ChoiceField(ExternalKind.choices)
    source = serializers.CharField(help_text="Who reports it; `by hand` for what a person entered.")  # type: ignore[assignment]
    external_id = serializers.CharField()
    name = serializers.CharField()
    scope = serializers.ListField(child=serializers.CharField())
    stored_at = serializers.CharField(help_text="The place where it rests, if known.")
    exposed_in = serializers.CharField(help_text="Where its value lay open.")
    is_active = serializers.BooleanField()
    created_at = serializers.DateTimeField(allow_null=True)
    last_rotated_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    rotate_by = serializers.DateTimeField(allow_null=True, help_text="Set by hand.")
    fingerprint = serializers.CharField()
    certificate = serializers.SerializerMethodField()
    first_seen_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    gone_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(CertificateShape(allow_null=True))
    def get_certificate(self, row: ExternalCredential) -> Any:
        return CertificateShape(row.certificate).data if row.certificate else None


class _Written(Shape):
    name = serializers.CharField(max_length=254, required=False)
    stored_at = serializers.CharField(max_length=400, required=False, allow_blank=True)
    is_active = serializers.BooleanField(required=False)
    created_at = serializers.DateTimeField(required=False, allow_null=True)
    last_rotated_at = serializers.DateTimeField(required=False, allow_null=True)
    last_used_at = serializers.DateTimeField(required=False, allow_null=True)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    rotate_by = serializers.DateTimeField(required=False, allow_null=True)
    fingerprint = serializers.CharField(max_length=128, required=False, allow_blank=True)
    certificate = serializers.CharField(
        required=False,
        write_only=True,
        trim_whitespace=False,
        help_text="PEM; of a chain the leaf is taken. Says dates and fingerprint itself. Only the facts are kept.",
    )


class NewExternalCredential(_Written):
    """One to enter by hand. `kind` may be left out with a certificate, `name` too."""

    kind = serializers.ChoiceField(ExternalKind.choices, required=False)
    external_id = serializers.CharField(max_length=400, required=False)


class ChangedExternalCredential(_Written):
    """What is corrected. Of one that a source reports: `rotateBy`, `fingerprint`, `certificate`."""


class IdentityExternalCredentialsView(PortalView):
    """Those of one identity."""

    resource_kind = "credential"
    duties: ClassVar = {"GET": Duty.READ_REGISTER, "POST": Duty.GOVERN}
    machine_permissions: ClassVar = {"GET": "identity.read", "POST": "identity.write"}
    orderings: ClassVar = {
        "firstSeenAt": "first_seen_at",
        "expiresAt": "expires_at",
        "lastUsedAt": "last_used_at",
        "rotateBy": "rotate_by",
    }
    ordering: ClassVar[str] = "-firstSeenAt"

    @describe(
        "List the credentials of an identity that live elsewhere",
        answer=ExternalCredentialShape,
        query=ListQuery,
        listing=True,
    )
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        query = self.read_query()
        identity = self.get_or_404(ManagedIdentity.objects.all(), id)
        rows = ExternalCredential.objects.filter(identity=identity)
        return self.listing(rows, ExternalCredentialShape, query)

    @describe(
        "Enter a credential that lives elsewhere",
        answer=ExternalCredentialShape,
        body=NewExternalCredential,
        status=201,
        examples=EXAMPLES,
        description="Its name and dates, never its value. A private key beside a certificate is refused and not kept.",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        identity = self.get_or_404(ManagedIdentity.objects.all(), id)
        made = elsewhere.describe(identity, facts=self.read(NewExternalCredential), actor=self.actor)
        return self.show(made, ExternalCredentialShape, status=201)


class ExternalCredentialView(PortalView):
    """One of them."""

    resource_kind = "credential"
    duties: ClassVar = {"PATCH": Duty.GOVERN, "DELETE": Duty.GOVERN}
    machine_permissions: ClassVar = {"PATCH": "identity.write", "DELETE": "identity.write"}

    def credential(self, id: UUID) -> ExternalCredential:  # noqa: A002
        rows = ExternalCredential.objects.select_related("identity")
        return self.get_or_404(rows, id, tenant_field="identity__tenant_id")

    @describe(
        "Correct a credential that lives elsewhere",
        answer=ExternalCredentialShape,
        body=ChangedExternalCredential,
        examples={"Rotate by": {"rotateBy": "2027-01-31T00:00:00Z"}},
    )
    def patch(self, request: Request, id: UUID) -> Response:  # noqa: A002
        credential = self.credential(id)
        changed = elsewhere.change(credential, facts=self.read(ChangedExternalCredential), actor=self.actor)
        return self.show(changed, ExternalCredentialShape)

    @describe(
        "Note that it is gone",
        answer=None,
        body=OptionalReasonShape,
        status=204,
        description="It was removed where it lived. The row stays as evidence.",
    )
    def delete(self, request: Request, id: UUID) -> Response:  # noqa: A002
        credential = self.credential(id)
        reason = self.read(OptionalReasonShape)["reason"] or "Deleted through the API."
        elsewhere.mark_gone(credential, reason=reason, actor=self.actor)
        return Response(status=204)


urlpatterns = [
    path(
        "identities/<uuid:id>/externalCredentials",
        IdentityExternalCredentialsView.as_view(),
        name="identity-external-credentials",
    ),
    path("externalCredentials/<uuid:id>", ExternalCredentialView.as_view(), name="external-credential"),
]
