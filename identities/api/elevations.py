"""Elevations over the API: ask for a role for a short while, end it early, take the question back."""

from contextlib import suppress
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Q
from django.urls import path
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty, Reach
from identities.access.models import Role
from identities.api.elevation_shapes import ElevationQuery, ElevationShape, NewElevation
from identities.api.schema import describe
from identities.api.serializers import ReasonShape
from identities.api.views import PortalView
from identities.elevations import selectors, services as elevations
from identities.elevations.models import BreakGlassGrant, Elevation
from identities.errors import Invalid
from identities.inventory.models import ManagedIdentity

NOT_YOURS = "An ANALYST ends and takes back what they asked for, or what names them"


class AskedView(PortalView):
    """What the routes of elevations and of break-glass have in common."""

    duties: ClassVar = {"POST": Duty.REPORT}
    machine_permissions: ClassVar = {"GET": "identity.read"}
    orderings: ClassVar = {"requestedAt": "requested_at"}
    ordering: ClassVar = "-requestedAt"

    def asked(self, body: dict[str, Any]) -> tuple[ManagedIdentity, Role]:
        """The identity and the role that a body names; both of a tenant that the caller reaches. Raises Invalid."""
        rows, tenants = ManagedIdentity.objects.all(), self.tenant_ids()
        rows = rows if tenants is None else rows.filter(tenant_id__in=tenants)
        identity = rows.filter(pk=body.pop("identity_id")).first()
        if identity is None:
            raise Invalid({"identity_id": ["There is no such identity."]})
        return identity, _role(identity, body.pop("role"))

    def renewed(self, rows: Any, body: dict[str, Any], identity: ManagedIdentity) -> Any:
        """What a body says that it renews; None where it renews nothing. Raises Invalid."""
        key = body.pop("renews_id")
        if key is None:
            return None
        found = rows.filter(pk=key, tenant_id=identity.tenant_id).first()
        if found is None:
            raise Invalid({"renews_id": ["There is no such thing."]})
        return found

    def check_own(self, row: Elevation | BreakGlassGrant) -> None:
        """403 for who neither governs nor has anything to do with it."""
        if self.principal.reach(self.duty()) is Reach.OWN and not selectors.is_own(row, self.principal.user_id):
            self.refuse(NOT_YOURS)


class ElevationsView(AskedView):
    """Elevations."""

    duties: ClassVar = {"GET": Duty.READ_REGISTER, "POST": Duty.REPORT}
    tag = "elevations"
    resource_kind = "elevation"

    @describe("List elevations", answer=ElevationShape, query=ElevationQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query(ElevationQuery)
        rows, at = selectors.elevations(self.listed_tenant_ids(query.get("tenant_id"))), timezone.now()
        if state := query.get("state"):
            rows = rows.filter(selectors.ends_soon(at) if state == "ending" else selectors.in_phase(state, at))
        if query.get("identity_id"):
            rows = rows.filter(identity_id=query["identity_id"])
        return self.listing(rows, ElevationShape, query)

    @describe(
        "Ask for an elevation",
        answer=ElevationShape,
        body=NewElevation,
        status=201,
        examples={
            "For half an hour": {
                "identityId": "0b6f5d0e-2f3a-4c6e-9a53-3f1f8a3f6f10",
                "role": "payroll-writer",
                "minutes": 30,
                "justification": "A payment hangs and has to be taken back.",
                "owner": "ann@example.com",
                "ticket": "OPS-4711",
            }
        },
        description=(
            "Of low tier a role that merely reads is given at once; everything else waits for others "
            "(`approvalId`), a renewal always. It ends by the binding's own dates."
        ),
    )
    def post(self, request: Request) -> Response:
        body = self.read(NewElevation)
        identity, role = self.asked(body)
        renews = self.renewed(Elevation.objects.all(), body, identity)
        made = elevations.ask(identity, role, renews=renews, actor=self.actor, **body)
        return self.show(made, ElevationShape, status=201)


class ElevationView(AskedView):
    """One elevation."""

    tag = "elevations"
    resource_kind = "elevation"
    http_method_names = ["get", "head"]
    duties: ClassVar = {"GET": Duty.READ_REGISTER}

    @describe("Read an elevation", answer=ElevationShape)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.show(self.get_or_404(selectors.elevations(None), id), ElevationShape)


class _ElevationEndView(AskedView):
    """What ends one."""

    tag = "elevations"
    resource_kind = "elevation"
    http_method_names = ["post"]
    duties: ClassVar = {"POST": Duty.CANCEL_OWN_REQUEST}

    def own(self, id: UUID) -> Elevation:  # noqa: A002
        row = self.get_or_404(selectors.elevations(None), id)
        self.check_own(row)
        return row


class EndElevationView(_ElevationEndView):
    """The end of one before its time."""

    @describe(
        "End an elevation",
        answer=ElevationShape,
        body=ReasonShape,
        description="The role is gone at once, and every token of the identity with it.",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        row = self.own(id)
        return self.show(elevations.end(row, actor=self.actor, **self.read(ReasonShape)), ElevationShape)


class CancelElevationView(_ElevationEndView):
    """Taking the question back."""

    @describe("Take back what is asked for", answer=ElevationShape, body=ReasonShape)
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        row = self.own(id)
        return self.show(elevations.cancel(row, actor=self.actor, **self.read(ReasonShape)), ElevationShape)


def _role(identity: ManagedIdentity, written: str) -> Role:
    rows = Role.objects.filter(tenant_id=identity.tenant_id)
    named = Q(name__iexact=written)
    with suppress(ValueError):
        named |= Q(pk=UUID(written))
    found = rows.filter(named).first()
    if found is None:
        raise Invalid({"role": ["There is no such role."]})
    return found


urlpatterns = [
    path("elevations", ElevationsView.as_view(), name="elevations"),
    path("elevations/<uuid:id>", ElevationView.as_view(), name="elevation"),
    path("elevations/<uuid:id>/end", EndElevationView.as_view(), name="end-elevation"),
    path("elevations/<uuid:id>/cancel", CancelElevationView.as_view(), name="cancel-elevation"),
]
