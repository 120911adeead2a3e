"""Approvals over the API: what others have to say yes to, and the saying of it. Machines only read."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.api.approval_shapes import ApprovalQuery, ApprovalShape, ApproveBody, RejectBody, WholeApprovalShape
from identities.api.schema import describe
from identities.api.serializers import ReasonShape
from identities.api.views import PortalView
from identities.approvals import selectors, services as approvals
from identities.approvals.models import ApprovalRequest
from identities.people.models import User

_EXACT = ("state", "subject_kind", "subject_id", "identity_id", "risk_tier")
WHOSE = (
    "Security, an owner or an ADMIN, as `needs` says; an ANALYST only as an owner. Never who asked, another account of "
    "theirs, or an account that they made able to. A refused word is a 403 with the cause as `code`, and is recorded."
)


class _ApprovalView(PortalView):
    """What the routes of one approval have in common."""

    tag = "approvals"
    resource_kind = "approval"
    duties: ClassVar = {"GET": Duty.READ_REGISTER}
    machine_permissions: ClassVar = {"GET": "identity.read"}

    def approval(self, id: UUID) -> ApprovalRequest:  # noqa: A002
        return self.get_or_404(selectors.approvals(None), id)

    def whole(self, id: UUID) -> Response:  # noqa: A002
        return self.show(self.approval(id), WholeApprovalShape)


class ApprovalsView(_ApprovalView):
    """Approvals."""

    http_method_names = ["get", "head"]
    orderings: ClassVar = {"requestedAt": "requested_at", "dueAt": "due_at"}
    ordering: ClassVar = "-requestedAt"

    @describe("List approvals", answer=ApprovalShape, query=ApprovalQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query(ApprovalQuery)
        rows = selectors.approvals(self.listed_tenant_ids(query.get("tenant_id")))
        exact = {name: query[name] for name in _EXACT if query.get(name)}
        return self.listing(self._mine(rows, query).filter(**exact), ApprovalShape, query)

    def _mine(self, rows: QuerySet[ApprovalRequest], query: dict[str, Any]) -> QuerySet[ApprovalRequest]:
        if not query.get("mine"):
            return rows
        if self.principal.user_id is None:
            return rows.none()
        person = User.objects.get(pk=self.principal.user_id)
        return rows.filter(pk__in=list(selectors.waiting_for(person).values_list("pk", flat=True)))


class ApprovalView(_ApprovalView):
    """One approval."""

    http_method_names = ["get", "head"]

    @describe("Read an approval with what is approved", answer=WholeApprovalShape)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.whole(id)


class ApproveView(_ApprovalView):
    """A yes."""

    http_method_names = ["post"]
    duties: ClassVar = {"POST": Duty.DECIDE_REQUEST}

    @describe(
        "Approve",
        answer=WholeApprovalShape,
        body=ApproveBody,
        examples={"Looked at": {"reason": "Reads only what it needs", "contentHash": "0" * 64}},
        description=f"The last yes that is needed lets the subject go on, in the same transaction. {WHOSE}",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        approvals.approve(self.approval(id), actor=self.actor, **self.read(ApproveBody))
        return self.whole(id)


class RejectView(_ApprovalView):
    """A no."""

    http_method_names = ["post"]
    duties: ClassVar = {"POST": Duty.DECIDE_REQUEST}

    @describe(
        "Reject",
        answer=WholeApprovalShape,
        body=RejectBody,
        examples={"Too much": {"reason": "It may write, and only reads"}},
        description=f"One no ends it. {WHOSE}",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        approvals.reject(self.approval(id), actor=self.actor, **self.read(RejectBody))
        return self.whole(id)


class WithdrawView(_ApprovalView):
    """Taking it back."""

    http_method_names = ["post"]
    duties: ClassVar = {"POST": Duty.CANCEL_OWN_REQUEST}

    @describe(
        "Withdraw what is asked",
        answer=WholeApprovalShape,
        body=ReasonShape,
        description="Who asked may, and an ADMIN.",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        approvals.withdraw(self.approval(id), actor=self.actor, **self.read(ReasonShape))
        return self.whole(id)


urlpatterns = [
    path("approvals", ApprovalsView.as_view(), name="approvals"),
    path("approvals/<uuid:id>", ApprovalView.as_view(), name="approval"),
    path("approvals/<uuid:id>/approve", ApproveView.as_view(), name="approve-approval"),
    path("approvals/<uuid:id>/reject", RejectView.as_view(), name="reject-approval"),
    path("approvals/<uuid:id>/withdraw", WithdrawView.as_view(), name="withdraw-approval"),
]
