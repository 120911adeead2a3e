"""Routes of requests for identities: the bundles, asking, changing, deciding, collecting the secret."""

from typing import Any, ClassVar
from uuid import UUID

from django.urls import path
from django.views.decorators.debug import sensitive_variables
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.bundles import BUNDLES
from identities.access.matrix import Duty, Reach
from identities.api.request_shapes import (
    ApprovalBody,
    AskedIdentityShape,
    BundleShape,
    CollectedSecret,
    NewlyAskedIdentityShape,
    NewRequest,
    RequestFacts,
    RequestQuery,
)
from identities.api.schema import describe
from identities.api.serializers import ListQuery, ReasonShape
from identities.api.views import PortalView
from identities.errors import Invalid
from identities.inventory.models import ManagedIdentity
from identities.people.models import Tenant
from identities.requests import selectors, services as requests
from identities.requests.models import IdentityRequest
from identities.vaults.references import SecretReference

NOT_YOURS = "A request is changed by who asked, or by an administrator"
EXAMPLE = {
    "bundle": "observability-bot",
    "name": "run-dashboard",
    "environment": "development",
    "purpose": "Draws the dashboard of last night's runs.",
    "expiresAt": "2027-03-31T00:00:00Z",
}
TO_A_VAULT = {
    "bundle": "crm-sync-bot",
    "name": "crm-sync",
    "environment": "production",
    "purpose": "Keeps contracts in step.",
    "technicalOwner": "dana@example.com",
    "dataClassification": "customer records",
    "expiresAt": "2027-03-31T00:00:00Z",
    "ticket": "OPS-4711",
    "storeSecretAt": {"provider": "local", "vaultUri": "local://default", "secretName": "crm-sync/secret"},
    "evidence": {"businessOwner": "dana@example.com", "dataScope": "open contracts", "retentionPolicy": "30 days"},
}


class RoleBundlesView(PortalView):
    """The bundles that requests start from."""

    tag = "identity requests"
    resource_kind = "role"
    duties: ClassVar = {"GET": Duty.READ_REGISTER}
    machine_permissions: ClassVar = {"GET": "role.read"}

    @describe("List the role bundles", answer=BundleShape, query=ListQuery, listing=True)
    def get(self, request: Request) -> Response:
        self.read_query()
        found = BundleShape(list(BUNDLES.values()), many=True, context={"view": self}).data
        return Response({"results": found, "next": None, "previous": None})


class _RequestView(PortalView):
    """What the routes of requests have in common."""

    tag = "identity requests"
    resource_kind = "identity_request"

    def row(self, id: UUID) -> IdentityRequest:  # noqa: A002
        return self.get_or_404(selectors.requests(None), id)

    def answer(self, row: IdentityRequest, *, status: int = 200, **extra: Any) -> Response:
        return self.show(selectors.requests(None).get(pk=row.pk), AskedIdentityShape, status=status, **extra)

    def check_own(self, row: IdentityRequest, detail: str) -> None:
        governs = self.principal.reach(Duty.GOVERN) is not Reach.NONE
        if not governs and not selectors.is_own(row, self.principal.user_id):
            self.refuse(detail)


class IdentityRequestsView(_RequestView):
    """Requests for identities."""

    duties: ClassVar = {"GET": Duty.READ_REGISTER, "POST": Duty.REPORT}
    orderings: ClassVar = {"requestedAt": "requested_at", "expiresAt": "expires_at", "name": "name"}
    ordering: ClassVar = "-requestedAt"

    @describe("List requests for identities", answer=AskedIdentityShape, query=RequestQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query(RequestQuery)
        rows = selectors.requests(self.listed_tenant_ids(query.get("tenant_id")))
        exact = {name: query[name] for name in ("state", "risk_tier", "bundle") if query.get(name)}
        if query.get("mine") is not None:
            own = selectors.asked_by(self.principal.pk)
            rows = rows.filter(own if query["mine"] else ~own)
        return self.listing(rows.filter(**exact), AskedIdentityShape, query)

    @describe(
        "Ask for an identity",
        answer=NewlyAskedIdentityShape,
        body=NewRequest,
        status=201,
        examples={"Low tier, issued at once": EXAMPLE, "High tier, to a vault": TO_A_VAULT},
        description=(
            "The tier is computed and explained. Of low tier it is issued at once, with `clientSecret` once unless "
            "it goes to a vault. Else it is `pending`, and `needs` says whose word is waited for."
        ),
    )
    @sensitive_variables("answered", "extra")
    def post(self, request: Request) -> Response:
        given = self.read(NewRequest)
        tenant = self.tenant_for(given.pop("tenant_id", None))
        identity = self._identity(given.pop("identity_id", None), tenant)
        answered = requests.request(tenant=tenant, given=_read(given), identity=identity, actor=self.actor)
        made = answered.row.identity
        extra = {"clientId": made.client_id} if made is not None else {}
        if answered.secret_text:
            extra["clientSecret"] = answered.secret_text
        response = self.answer(answered.row, status=201, **extra)
        response["Cache-Control"] = "no-store"
        return response

    def _identity(self, id: UUID | None, tenant: Tenant) -> ManagedIdentity | None:  # noqa: A002
        if id is None:
            return None
        found = ManagedIdentity.objects.filter(pk=id, tenant=tenant).first()
        if found is None:
            raise Invalid({"identity_id": ["There is no such identity."]})
        return found


class IdentityRequestView(_RequestView):
    """One request."""

    duties: ClassVar = {"GET": Duty.READ_REGISTER, "PATCH": Duty.REPORT}

    @describe("Read a request", answer=AskedIdentityShape)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.show(self.row(id), AskedIdentityShape)

    @describe(
        "Change a request",
        answer=AskedIdentityShape,
        body=RequestFacts,
        examples={"Narrower": {"permissions": ["run.read"]}},
        description="Every yes to what it was before is void: it is asked anew. By who asked, or an administrator.",
    )
    def patch(self, request: Request, id: UUID) -> Response:  # noqa: A002
        row = self.row(id)
        self.check_own(row, NOT_YOURS)
        given = _read(self.read(RequestFacts, partial=True))
        return self.answer(requests.change(row, given=given, actor=self.actor))


class ApproveRequestView(_RequestView):
    """A yes."""

    duties: ClassVar = {"POST": Duty.DECIDE_REQUEST}

    @describe(
        "Approve a request",
        answer=AskedIdentityShape,
        body=ApprovalBody,
        examples={"A yes": {"reason": "Agreed in OPS-4711."}},
        description="By an ADMIN, or who answers for the identity; never one's own. With the last yes it is issued.",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        row = self.row(id)
        return self.answer(requests.approve(row, actor=self.actor, **self.read(ApprovalBody)))


class RejectRequestView(_RequestView):
    """A no."""

    duties: ClassVar = {"POST": Duty.DECIDE_REQUEST}

    @describe("Reject a request", answer=AskedIdentityShape, body=ReasonShape)
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        row = self.row(id)
        return self.answer(requests.reject(row, actor=self.actor, **self.read(ReasonShape)))


class CancelRequestView(_RequestView):
    """Taken back."""

    duties: ClassVar = {"POST": Duty.CANCEL_OWN_REQUEST}

    @describe("Cancel a request", answer=AskedIdentityShape, body=ReasonShape)
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        row = self.row(id)
        reason = self.read(ReasonShape)["reason"]
        self.check_own(row, "A request is cancelled by who asked, or by an administrator")
        return self.answer(requests.cancel(row, reason=reason, actor=self.actor))


class RequestSecretView(_RequestView):
    """Its secret."""

    duties: ClassVar = {"POST": Duty.REPORT}

    @describe(
        "Collect the secret of what was issued",
        answer=CollectedSecret,
        description="Once, and by who asked alone; the second time is a 409, `secret_collected`.",
    )
    @sensitive_variables("answered")
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        answered = requests.collect(self.row(id), actor=self.actor)
        made: Any = answered.row.identity
        body = {"identityId": str(made.pk), "clientId": made.client_id, "clientSecret": answered.secret_text}
        return Response(body, headers={"Cache-Control": "no-store"})


def _read(given: dict[str, Any]) -> dict[str, Any]:
    place = given.get("store_secret_at")
    return given | ({"store_secret_at": SecretReference(**place)} if place else {})


urlpatterns = [
    path("roleBundles", RoleBundlesView.as_view(), name="role-bundles"),
    path("identityRequests", IdentityRequestsView.as_view(), name="identity-requests"),
    path("identityRequests/<uuid:id>", IdentityRequestView.as_view(), name="identity-request"),
    path("identityRequests/<uuid:id>/approve", ApproveRequestView.as_view(), name="approve-identity-request"),
    path("identityRequests/<uuid:id>/reject", RejectRequestView.as_view(), name="reject-identity-request"),
    path("identityRequests/<uuid:id>/cancel", CancelRequestView.as_view(), name="cancel-identity-request"),
    path("identityRequests/<uuid:id>/secret", RequestSecretView.as_view(), name="identity-request-secret"),
]
