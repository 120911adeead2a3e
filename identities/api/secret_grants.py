"""Grants of secrets: which identity or schedule may resolve which secret reference, until when and why."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access import secret_grants, secret_readers, secret_reading
from identities.access.matrix import Duty
from identities.access.models import SecretGrant
from identities.api.register_shapes import SecretReferenceShape
from identities.api.schema import describe
from identities.api.serializers import ListQuery, ReasonShape, Shape
from identities.api.views import PortalView
from identities.errors import Invalid
from identities.inventory.models import ManagedIdentity
from identities.vaults.references import SecretReference, normal_uri

EXAMPLE = {
    "identityId": "0b6f5d0e-2f3a-4c6e-9a53-3f1f8a3f6f10",
    "secretReference": {"provider": "local", "vaultUri": "local://default", "secretName": "crm-export"},
    "validUntil": "2027-06-30T00:00:00Z",
    "reason": "The nightly export reads the CRM",
}


class PlaceShape(Shape):
    """A place in a vault, whatever version lies there."""

    provider = serializers.CharField()
    vault_uri = serializers.CharField()
    secret_name = serializers.CharField()


class SecretGrantShape(Shape):
    """One reader of one secret reference."""

    id = serializers.UUIDField(help_text="Immutable.")
    identity_id = serializers.UUIDField(help_text="As whom it is read.")
    schedule_id = serializers.UUIDField(allow_null=True, help_text="For which schedule; null: whatever it does.")
    schedule = serializers.CharField(source="schedule_label", help_text="The schedule's name; empty without one.")
    secret_reference = PlaceShape(source="*", help_text="What may be read.")
    state = serializers.SerializerMethodField(help_text="`granted` is in force; the others let nobody read.")
    reason = serializers.CharField(help_text="Why it was asked for or granted.")
    asked_by = serializers.CharField(help_text="Who asked, or granted at once.")
    asked_at = serializers.DateTimeField()
    decided_by = serializers.CharField(help_text="Empty while nobody has decided.")
    decided_at = serializers.DateTimeField(allow_null=True)
    decided_reason = serializers.CharField()
    valid_until = serializers.DateTimeField(help_text="The first instant at which it no longer lets read.")
    ended_at = serializers.DateTimeField(allow_null=True, help_text="When it was ended before its time.")
    ended_by = serializers.CharField()
    ended_reason = serializers.CharField()
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="When it was last read; null: never.")
    uses = serializers.IntegerField(help_text="How often it was read.")

    def get_state(self, grant: SecretGrant) -> str:
        return secret_reading.state_of(grant, timezone.now())


class NewSecretGrantShape(Shape):
    """Who shall read what, until when and why."""

    identity_id = serializers.UUIDField(required=False, help_text="Silent: the one that the schedule runs as.")
    schedule_id = serializers.UUIDField(required=False, help_text="Only for this schedule; else for all it does.")
    secret_reference = SecretReferenceShape(help_text="Where it rests; a version, if given, is not kept.")
    valid_until = serializers.DateTimeField(help_text="Always, and at most a year away.")
    reason = serializers.CharField(max_length=500, help_text="Why; kept with the grant and in the audit.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not {"identity_id", "schedule_id"} & attrs.keys():
            raise serializers.ValidationError({"identityId": ["Name an identity or a schedule."]})
        return attrs


class ApprovalShape(ReasonShape):
    """A yes, perhaps with another end."""

    valid_until = serializers.DateTimeField(required=False, help_text="Silent: as asked.")


class ExtensionShape(ReasonShape):
    """A later end."""

    valid_until = serializers.DateTimeField(help_text="Later than now, at most a year away.")


class SecretGrantQuery(ListQuery):
    """Filters of the list of grants."""

    identity_id = serializers.UUIDField(required=False, help_text="Only of this identity.")
    schedule_id = serializers.UUIDField(required=False, help_text="Only of this schedule.")
    vault_uri = serializers.CharField(required=False, max_length=500, help_text="Only in this vault.")
    secret_name = serializers.CharField(required=False, max_length=300, help_text="Only of this name.")
    state = serializers.ChoiceField(secret_reading.STATES, required=False, help_text="Only where they stand so now.")


class SecretGrantsView(PortalView):
    """Who may read what, and who asked to."""

    tag = "secretGrants"
    resource_kind = "secret_grant"
    duties = {"GET": Duty.READ_REGISTER, "POST": Duty.REPORT}
    machine_permissions = {"GET": "identity.read"}
    orderings = {"askedAt": "asked_at", "validUntil": "valid_until", "lastUsedAt": "last_used_at"}
    ordering = "-askedAt"

    @describe("List grants of secrets", answer=SecretGrantShape, query=SecretGrantQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query(SecretGrantQuery)
        found = secret_reading.grants(self.listed_tenant_ids(query.get("tenant_id")))
        return self.listing(_filtered(found, query), SecretGrantShape, query)

    @describe(
        "Let a secret be read, or ask for it",
        body=NewSecretGrantShape,
        answer=SecretGrantShape,
        status=201,
        examples={"until the middle of the year": EXAMPLE},
        description="An ADMIN grants at once, an ANALYST asks; 409 while the same stands or is asked for. "
        "Where its own live secret rests an identity reads without a grant; saving a schedule grants what it names.",
    )
    def post(self, request: Request) -> Response:
        body = self.read(NewSecretGrantShape)
        identity = self._identity(body.pop("identity_id", None), body.get("schedule_id"))
        reference = SecretReference(**body.pop("secret_reference"))
        governed = self.principal.visible_tenants(Duty.GOVERN)
        may_grant = governed is None or identity.tenant_id in governed
        give = secret_grants.grant if may_grant else secret_grants.ask
        return self.show(give(identity, reference, **body, actor=self.actor), SecretGrantShape, status=201)

    def _identity(self, identity_id: UUID | None, schedule_id: UUID | None) -> ManagedIdentity:
        """As whom it shall be read; unknown and foreign ids are one answer."""
        tenants = self.tenant_ids()
        if identity_id is None and schedule_id is not None:
            reader = secret_readers.find(schedule_id, tenants)
            if reader is None:
                raise serializers.ValidationError({"scheduleId": ["There is no such schedule."]})
            identity_id = reader.identity_id
        found = ManagedIdentity.objects.filter(pk__in=[identity_id])
        identity = (found if tenants is None else found.filter(tenant_id__in=tenants)).first()
        if identity is None:
            raise serializers.ValidationError({"identityId": ["There is no such identity."]})
        return identity


class SecretGrantView(PortalView):
    """One grant."""

    tag = "secretGrants"
    resource_kind = "secret_grant"
    duties = {"GET": Duty.READ_REGISTER}
    machine_permissions = {"GET": "identity.read"}

    @describe("Read a grant of a secret", answer=SecretGrantShape)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.show(_grant(self, id), SecretGrantShape)


class _Decision(PortalView):
    """What may be done with a grant by who governs the tenant's identities."""

    tag = "secretGrants"
    resource_kind = "secret_grant"
    duties = {"POST": Duty.GOVERN}


class ApproveSecretGrantView(_Decision):
    """Yes to what was asked for."""

    @describe(
        "Grant what was asked for",
        body=ApprovalShape,
        answer=SecretGrantShape,
        examples={"a yes": {"reason": "The export needs it"}},
        description="403, code `own_request`, to whoever asked for it; 409 when it is decided.",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        given = secret_grants.approve(_grant(self, id), **self.read(ApprovalShape), actor=self.actor)
        return self.show(given, SecretGrantShape)


class RejectSecretGrantView(_Decision):
    """No to what was asked for."""

    @describe(
        "Refuse what was asked for",
        body=ReasonShape,
        answer=SecretGrantShape,
        examples={"a no": {"reason": "The report has the same figures"}},
        description="403, code `own_request`, to whoever asked for it; 409 when it is decided.",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        refused = secret_grants.refuse(_grant(self, id), **self.read(ReasonShape), actor=self.actor)
        return self.show(refused, SecretGrantShape)


class EndSecretGrantView(_Decision):
    """The end of a grant before its time."""

    @describe(
        "End a grant of a secret",
        body=ReasonShape,
        answer=SecretGrantShape,
        examples={"a reason": {"reason": "It has not read it for months"}},
        description="The next reading is refused. What is only asked for is withdrawn. The row stays as evidence.",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        ended = secret_grants.end(_grant(self, id), **self.read(ReasonShape), actor=self.actor)
        return self.show(ended, SecretGrantShape)


class ExtendSecretGrantView(_Decision):
    """A later end of a grant in force."""

    @describe(
        "Extend a grant of a secret",
        body=ExtensionShape,
        answer=SecretGrantShape,
        examples={"half a year more": {"validUntil": "2027-12-31T00:00:00Z", "reason": "The export stays"}},
        description="409 when it is not in force any more.",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        longer = secret_grants.extend(_grant(self, id), **self.read(ExtensionShape), actor=self.actor)
        return self.show(longer, SecretGrantShape)


def _grant(view: PortalView, id: UUID) -> SecretGrant:  # noqa: A002
    return view.get_or_404(secret_reading.grants(None), id, tenant_field="identity__tenant_id")


def _filtered(found: QuerySet[SecretGrant], query: dict[str, Any]) -> QuerySet[SecretGrant]:
    same: dict[str, Any] = {
        name: query[name] for name in ("identity_id", "schedule_id", "secret_name") if name in query
    }
    if "vault_uri" in query:
        same["vault_uri"] = query["vault_uri"]
        with suppress(Invalid):  # an address that is none finds nothing
            same["vault_uri"] = normal_uri(query["vault_uri"])
    if "state" in query:
        found = found.filter(secret_reading.in_state(query["state"], timezone.now()))
    return found.filter(**same)


urlpatterns = [
    path("secretGrants", SecretGrantsView.as_view(), name="secret-grants"),
    path("secretGrants/<uuid:id>", SecretGrantView.as_view(), name="secret-grant"),
    path("secretGrants/<uuid:id>/approve", ApproveSecretGrantView.as_view(), name="secret-grant-approve"),
    path("secretGrants/<uuid:id>/reject", RejectSecretGrantView.as_view(), name="secret-grant-reject"),
    path("secretGrants/<uuid:id>/end", EndSecretGrantView.as_view(), name="secret-grant-end"),
    path("secretGrants/<uuid:id>/extend", ExtendSecretGrantView.as_view(), name="secret-grant-extend"),
]
