"""Break-glass over the API: arm it beforehand, use it once, say that its secret is replaced, review it."""

from typing import ClassVar
from uuid import UUID

from django.urls import path
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.api.elevation_shapes import (
    BreakGlassQuery,
    BreakGlassShape,
    DoneByHandBody,
    NewBreakGlass,
    ReviewBody,
)
from identities.api.elevations import AskedView
from identities.api.schema import describe
from identities.api.serializers import ReasonShape
from identities.elevations import aftermath, break_glass, selectors
from identities.elevations.models import BreakGlassGrant


class _GrantView(AskedView):
    """What the routes of break-glass have in common."""

    tag = "breakGlass"
    resource_kind = "break_glass"

    def grant(self, id: UUID) -> BreakGlassGrant:  # noqa: A002
        return self.get_or_404(selectors.break_glass(None), id)


class BreakGlassesView(_GrantView):
    """Break-glass grants."""

    duties: ClassVar = {"GET": Duty.READ_REGISTER, "POST": Duty.REPORT}

    @describe("List break-glass grants", answer=BreakGlassShape, query=BreakGlassQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query(BreakGlassQuery)
        rows, at = selectors.break_glass(self.listed_tenant_ids(query.get("tenant_id"))), timezone.now()
        if state := query.get("state"):
            rows = rows.filter(selectors.arms_end_soon(at) if state == "ending" else selectors.in_state(state, at))
        if query.get("identity_id"):
            rows = rows.filter(identity_id=query["identity_id"])
        return self.listing(rows, BreakGlassShape, query)

    @describe(
        "Arm a break-glass grant",
        answer=BreakGlassShape,
        body=NewBreakGlass,
        status=201,
        examples={
            "For the ledger": {
                "identityId": "0b6f5d0e-2f3a-4c6e-9a53-3f1f8a3f6f10",
                "role": "ledger-writer",
                "minutes": 60,
                "validUntil": "2027-01-31T00:00:00Z",
                "justification": "The ledger may stop at night, when nobody can approve.",
                "owner": "ann@example.com",
            }
        },
        description=(
            "Two people have to approve, security and an owner of the identity; neither who asks nor who is named. "
            "409 `review_open` while one of this identity was used and is not reviewed."
        ),
    )
    def post(self, request: Request) -> Response:
        body = self.read(NewBreakGlass)
        identity, role = self.asked(body)
        renews = self.renewed(BreakGlassGrant.objects.all(), body, identity)
        made = break_glass.arm(identity, role, renews=renews, actor=self.actor, **body)
        return self.show(made, BreakGlassShape, status=201)


class BreakGlassView(_GrantView):
    """One grant."""

    http_method_names = ["get", "head"]
    duties: ClassVar = {"GET": Duty.READ_REGISTER}

    @describe("Read a break-glass grant", answer=BreakGlassShape)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.show(self.grant(id), BreakGlassShape)


class UseBreakGlassView(_GrantView):
    """The emergency."""

    http_method_names = ["post"]

    @describe(
        "Use a break-glass grant",
        answer=BreakGlassShape,
        body=ReasonShape,
        examples={"It is one": {"reason": "The ledger stands, and payments are due at six."}},
        description=(
            "Once, by the person it names or an ADMIN. The role is given at once; who governs and who answers for the "
            "identity is told. Afterwards what was used is replaced, and a second person reviews it within 24 hours."
        ),
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        grant = self.grant(id)
        return self.show(break_glass.use(grant, actor=self.actor, **self.read(ReasonShape)), BreakGlassShape)


class EndBreakGlassView(_GrantView):
    """The end of its use before the time."""

    http_method_names = ["post"]
    duties: ClassVar = {"POST": Duty.CANCEL_OWN_REQUEST}

    @describe("End the use of a break-glass grant", answer=BreakGlassShape, body=ReasonShape)
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        grant = self.grant(id)
        self.check_own(grant)
        return self.show(aftermath.end_use(grant, actor=self.actor, **self.read(ReasonShape)), BreakGlassShape)


class CancelBreakGlassView(_GrantView):
    """Taking it back before it is used."""

    http_method_names = ["post"]
    duties: ClassVar = {"POST": Duty.CANCEL_OWN_REQUEST}

    @describe("Take a break-glass grant back", answer=BreakGlassShape, body=ReasonShape)
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        grant = self.grant(id)
        self.check_own(grant)
        return self.show(break_glass.cancel(grant, actor=self.actor, **self.read(ReasonShape)), BreakGlassShape)


class BreakGlassRotatedView(_GrantView):
    """What it used, replaced by hand."""

    http_method_names = ["post"]

    @describe(
        "Say that what it used was replaced by hand",
        answer=BreakGlassShape,
        body=DoneByHandBody,
        description="Where Steward cannot replace it. Before, the grant cannot be closed: 409 `rotation_by_hand`.",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        grant = self.grant(id)
        body = self.read(DoneByHandBody)
        return self.show(aftermath.rotated_by_hand(grant, actor=self.actor, **body), BreakGlassShape)


class ReviewBreakGlassView(_GrantView):
    """The look of a second person."""

    http_method_names = ["post"]
    duties: ClassVar = {"POST": Duty.DECIDE_REQUEST}

    @describe(
        "Review and close a break-glass grant",
        answer=BreakGlassShape,
        body=ReviewBody,
        examples={"Looked at": {"text": "Two payments taken back, as the ticket says; nothing else was called."}},
        description=(
            "By who governs or answers for the identity, never by who used it nor by another account of theirs. "
            "A refused one is a 403 with the cause as `code`."
        ),
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        grant = self.grant(id)
        return self.show(aftermath.review(grant, actor=self.actor, **self.read(ReviewBody)), BreakGlassShape)


urlpatterns = [
    path("breakGlass", BreakGlassesView.as_view(), name="break-glasses"),
    path("breakGlass/<uuid:id>", BreakGlassView.as_view(), name="break-glass"),
    path("breakGlass/<uuid:id>/use", UseBreakGlassView.as_view(), name="use-break-glass"),
    path("breakGlass/<uuid:id>/end", EndBreakGlassView.as_view(), name="end-break-glass"),
    path("breakGlass/<uuid:id>/cancel", CancelBreakGlassView.as_view(), name="cancel-break-glass"),
    path("breakGlass/<uuid:id>/rotated", BreakGlassRotatedView.as_view(), name="break-glass-rotated"),
    path("breakGlass/<uuid:id>/review", ReviewBreakGlassView.as_view(), name="review-break-glass"),
]
