"""Review items over the API: the questions one is asked, their answers, and taking an answer back."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty, Reach
from identities.access.principal import Principal
from identities.api.campaign_item_shapes import (
    CertifyBody,
    DecideBody,
    EveryReviewItemQuery,
    ReviewItemShape,
    WholeReviewItemShape,
)
from identities.api.schema import describe
from identities.api.serializers import ReasonShape, Shape
from identities.api.views import PortalView
from identities.errors import Invalid
from identities.people.models import User
from identities.recertification import decisions, undoing
from identities.recertification.models import ReviewDecision, ReviewItem

NOT_YOURS = "Only the reviewer of an item answers it, or an ADMIN"
EXACT = ("state", "decision", "recommendation", "remediation_state", "risk_tier", "identity_id", "campaign_id")
EXAMPLES: Mapping[str, Any] = {
    "Certify": {"decision": "certify", "reason": "Runs payroll each month; looked at its last runs"},
    "Reduce": {
        "decision": "reduce",
        "reason": "Nothing used it for half a year",
        "bindings": ["3f2504e0-4f89-41d3-9a0c-0305e82c3301"],
    },
    "Revoke": {"decision": "revoke", "reason": "The project ended"},
    "Reassign": {"decision": "reassign", "reason": "She runs it now", "reviewer": "ana@example.com"},
}


def whole() -> QuerySet[ReviewItem]:
    """Items with what their answers need."""
    return ReviewItem.objects.select_related("campaign", "identity")


def matching(query: Mapping[str, Any], principal: Principal) -> Q:
    """The filters of a list of items together."""
    found = Q(**{name: query[name] for name in EXACT if query.get(name)})
    return found & _asked_of(query["reviewer"], principal) if query.get("reviewer") else found


def _asked_of(word: str, principal: Principal) -> Q:
    if word == "me":
        return Q(reviewer_id=principal.user_id) if principal.user_id else Q(pk__in=[])
    try:
        return Q(reviewer_id=UUID(word))
    except ValueError:
        return Q(reviewer__email=word.strip().lower())


class ReviewItemView(PortalView):
    """What the routes of items have in common, and reading one."""

    tag = "campaigns"
    resource_kind = "review_item"
    duties: ClassVar[Mapping[str, Duty]] = {"GET": Duty.READ_REGISTER}
    machine_permissions: ClassVar = {"GET": "review.read"}

    @describe("Read a review item with every answer it got", answer=WholeReviewItemShape)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.answer(id)

    def item(self, id: UUID) -> ReviewItem:  # noqa: A002
        return self.get_or_404(whole(), id, tenant_field="campaign__tenant_id")

    def answer(self, id: UUID) -> Response:  # noqa: A002
        answers = ReviewDecision.objects.order_by("at", "pk")
        rows = whole().prefetch_related(Prefetch("decisions", queryset=answers))
        return self.show(self.get_or_404(rows, id, tenant_field="campaign__tenant_id"), WholeReviewItemShape)

    def check_own(self, item: ReviewItem) -> None:
        """403 for who is neither its reviewer nor an ADMIN."""
        if self.principal.reach(Duty.GOVERN) is Reach.NONE and item.reviewer_id != self.principal.user_id:
            self.refuse(NOT_YOURS)


class ReviewItemsView(ReviewItemView):
    """Items of every campaign."""

    http_method_names = ["get", "head"]
    orderings: ClassVar = {"openedAt": "opened_at", "decidedAt": "decided_at", "dueAt": "campaign__due_at"}
    ordering: ClassVar = "openedAt"

    @describe("List review items", answer=ReviewItemShape, query=EveryReviewItemQuery, listing=True)
    def get(self, request: Request) -> Response:  # type: ignore[override]  # a list has no id
        query = self.read_query(EveryReviewItemQuery)
        tenants = self.listed_tenant_ids(query.get("tenant_id"))
        rows = whole() if tenants is None else whole().filter(campaign__tenant_id__in=tenants)
        return self.listing(rows.filter(matching(query, self.principal)), ReviewItemShape, query)


class _AnswerView(ReviewItemView):
    """A way to answer; no machine does."""

    http_method_names = ["post"]
    duties: ClassVar = {"POST": Duty.REPORT}
    machine_permissions: ClassVar = {}


class DecideView(_AnswerView):
    """An answer."""

    @describe(
        "Answer a review item",
        answer=WholeReviewItemShape,
        body=DecideBody,
        examples=EXAMPLES,
        description=(
            "Carried out at once; what came of it is under `remediation`. `reduce` without `bindings` ends those that "
            "nothing used. Its reviewer or an ADMIN, never a machine, and never about what one is oneself."
        ),
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        item, body = self.item(id), self.read(DecideBody)
        self.check_own(item)
        decisions.decide(item, actor=self.actor, **answered(item, body))
        return self.answer(id)


class UndoView(_AnswerView):
    """An answer taken back."""

    duties: ClassVar = {"POST": Duty.UNDO_DECISION}

    @describe(
        "Undo a decision, or what silence did",
        answer=WholeReviewItemShape,
        body=ReasonShape,
        examples={"Too fast": {"reason": "It still runs the export"}},
        description="Within 72 hours. The answer stays on record as undone, and the item is asked again.",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        item, body = self.item(id), self.read(ReasonShape)
        self.check_own(item)
        undoing.undo(item, actor=self.actor, **body)
        return self.answer(id)


class CertifiedShape(Shape):
    """What was certified at once."""

    results = ReviewItemShape(many=True)


class CertifyView(_AnswerView):
    """Several answers at once."""

    @describe(
        "Certify several items at once",
        answer=CertifiedShape,
        body=CertifyBody,
        description="25 at the most; each answer says how many were given with it. All of them or none.",
    )
    def post(self, request: Request) -> Response:
        body = self.read(CertifyBody)
        rows = whole().filter(pk__in=body["ids"])
        tenants = self.tenant_ids()
        found = list(rows if tenants is None else rows.filter(campaign__tenant_id__in=tenants))
        if len(found) != len(set(body["ids"])):
            raise Invalid({"ids": ["There is no such item."]})
        for item in found:
            self.check_own(item)
        decisions.certify_many(found, reason=body["reason"], actor=self.actor, seconds=None)
        return self.show({"results": whole().filter(pk__in=body["ids"]).order_by("opened_at", "pk")}, CertifiedShape)


def answered(item: ReviewItem, body: Mapping[str, Any]) -> dict[str, Any]:
    """The service's arguments of an answer: bindings and reviewer only where they mean something."""
    wrong = {}
    if body.get("bindings") is not None and body["decision"] != "reduce":
        wrong["bindings"] = ["Only a reduction names bindings."]
    if body.get("reviewer") and body["decision"] != "reassign":
        wrong["reviewer"] = ["Only a reassignment names a reviewer."]
    if wrong:
        raise Invalid(wrong)
    person = person_of(item, body["reviewer"]) if body.get("reviewer") else None
    return {
        "decision": body["decision"],
        "reason": body["reason"],
        "bindings": body.get("bindings"),
        "reviewer": person,
    }


def person_of(item: ReviewItem, word: str) -> User:
    """The person of the item's tenant by id or e-mail address; Invalid where there is none."""
    rows = User.objects.filter(tenant_id=item.campaign.tenant_id)
    try:
        found = rows.filter(pk=UUID(word)).first()
    except ValueError:
        found = rows.filter(email=word.strip().lower()).first()
    if found is None:
        raise Invalid({"reviewer": ["There is no such person."]})
    return found


urlpatterns = [
    path("campaignItems", ReviewItemsView.as_view(), name="campaign-items"),
    path("campaignItems/certify", CertifyView.as_view(), name="certify-campaign-items"),
    path("campaignItems/<uuid:id>", ReviewItemView.as_view(), name="campaign-item"),
    path("campaignItems/<uuid:id>/decide", DecideView.as_view(), name="decide-campaign-item"),
    path("campaignItems/<uuid:id>/undo", UndoView.as_view(), name="undo-campaign-item"),
]
