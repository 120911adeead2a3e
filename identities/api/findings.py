"""Findings over the API: what the rules hold against identities, the ten categories, and what people say to it."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Q
from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.api.schema import describe
from identities.api.serializers import ListQuery, OptionalReasonShape, Query, ReasonShape, Reference, Shape
from identities.api.views import PortalView
from identities.detections import selectors, services as detections
from identities.detections.categories import CATEGORIES
from identities.detections.judging import rule_of
from identities.detections.models import Finding, FindingState, Severity

_EXACT = ("category", "code", "severity", "state", "identity_id", "owner_id")


class FindingShape(Shape):
    """A finding."""

    id = serializers.UUIDField()
    tenant_id = serializers.UUIDField()
    code = serializers.CharField(help_text="The rule's; stable.")
    category = serializers.CharField(help_text="NHI1 to NHI10, or HYGIENE.")
    severity = serializers.ChoiceField(choices=Severity.choices)
    title = serializers.SerializerMethodField(help_text="The fault, in a few words.")
    why = serializers.SerializerMethodField(help_text="Why it matters.")
    mend = serializers.SerializerMethodField(help_text="What to do.")
    identity = serializers.SerializerMethodField(help_text="Against which identity it is held.")
    evidence = serializers.CharField(help_text="What was seen; never a secret.")
    details = serializers.DictField(help_text="The same for programs.")
    owner = serializers.SerializerMethodField(help_text="Who is to see to it; null where nobody owns the identity.")
    is_assigned = serializers.BooleanField(help_text="Assigned by hand, and so not following the identity's owner.")
    state = serializers.CharField(help_text="open, accepted or resolved.")
    accepted_until = serializers.DateField(allow_null=True, help_text="The last day of its acceptance.")
    accepted_reason = serializers.CharField()
    accepted_by = serializers.CharField()
    first_seen_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField(help_text="When a rule last saw it.")
    opened_at = serializers.DateTimeField(help_text="When it was last opened.")
    resolved_at = serializers.DateTimeField(allow_null=True, help_text="When its cause was gone.")

    def get_title(self, finding: Finding) -> str:
        return getattr(rule_of(finding.code), "title", finding.code)

    def get_why(self, finding: Finding) -> str:
        return getattr(rule_of(finding.code), "why", "")

    def get_mend(self, finding: Finding) -> str:
        return getattr(rule_of(finding.code), "mend", "")

    @extend_schema_field(Reference)
    def get_identity(self, finding: Finding) -> dict[str, Any]:
        return {"id": str(finding.identity_id), "label": finding.identity.name}

    @extend_schema_field(Reference(allow_null=True))
    def get_owner(self, finding: Finding) -> dict[str, Any] | None:
        owner = finding.owner
        return {"id": str(owner.pk), "label": owner.email} if owner is not None else None


class CommentShape(Shape):
    """What somebody said about it."""

    author = serializers.CharField()
    text = serializers.CharField()
    at = serializers.DateTimeField()


class WholeFindingShape(FindingShape):
    """A finding with its comments."""

    comments = CommentShape(many=True, source="comments.all")


class FindingQuery(ListQuery):
    """Which findings."""

    category = serializers.ChoiceField(choices=list(CATEGORIES), required=False)
    code = serializers.CharField(required=False, max_length=48)
    severity = serializers.ChoiceField(choices=Severity.choices, required=False)
    state = serializers.ChoiceField(choices=FindingState.choices, required=False)
    identity_id = serializers.UUIDField(required=False)
    owner_id = serializers.UUIDField(required=False)
    owner = serializers.CharField(required=False, max_length=254, help_text="An id, an e-mail address, or `nobody`.")
    since = serializers.DateTimeField(required=False, help_text="Opened at this time or later.")


class AcceptShape(ReasonShape):
    """Until when somebody answers for it, and why."""

    until = serializers.DateField(
        help_text="The last day, UTC. From today on: critical 30 days, high 90, medium 180, low 365 at the most."
    )


class CommentBody(Shape):
    """What to say."""

    text = serializers.CharField(max_length=4000, help_text="Never a secret.")


class AssignShape(OptionalReasonShape):
    """To whom."""

    owner_id = serializers.UUIDField(
        allow_null=True, help_text="A person of the tenant; null gives it back to the identity's owner."
    )


class TopTenQuery(Query):
    """Whose findings."""

    tenant_id = serializers.UUIDField(
        required=False, help_text="Others than the own tenant: platform administrator and AUDITOR only."
    )


class CategoryCountShape(Shape):
    """One category in figures."""

    code = serializers.CharField(source="category.code")
    title = serializers.CharField(source="category.title")
    text = serializers.CharField(source="category.text", help_text="What it is about.")
    open = serializers.IntegerField()
    severities = serializers.DictField(child=serializers.IntegerField(), help_text="The open ones by severity.")
    accepted = serializers.IntegerField()
    resolved = serializers.IntegerField(help_text="Resolved in the last 30 days.")
    worst = FindingShape(many=True, help_text="At most three, the longest open of the worst severity first.")


class DayShape(Shape):
    """One day."""

    day = serializers.DateField()
    opened = serializers.IntegerField()
    resolved = serializers.IntegerField()


class TopTenShape(Shape):
    """The ten categories, hygiene after them, and the last thirty days of the ten."""

    categories = CategoryCountShape(many=True)
    trend = DayShape(many=True)


class _FindingView(PortalView):
    """What the routes of findings have in common."""

    tag = "findings"
    resource_kind = "finding"
    duties: ClassVar = {"GET": Duty.READ_REGISTER}
    machine_permissions: ClassVar = {"GET": "finding.read"}

    def finding(self, id: UUID) -> Finding:  # noqa: A002
        rows = Finding.objects.select_related("identity", "owner").prefetch_related("comments")
        return self.get_or_404(rows, id)

    def answer(self, id: UUID) -> Response:  # noqa: A002
        return self.show(self.finding(id), WholeFindingShape)


class FindingsView(_FindingView):
    """Findings."""

    orderings: ClassVar = {
        "openedAt": "opened_at",
        "firstSeenAt": "first_seen_at",
        "lastSeenAt": "last_seen_at",
        "code": "code",
    }
    ordering = "-openedAt"

    @describe("List findings", answer=FindingShape, query=FindingQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query(FindingQuery)
        found = selectors.findings(self.listed_tenant_ids(query.get("tenant_id")))
        return self.listing(found.filter(_condition(query)), FindingShape, query)


class TopTenView(_FindingView):
    """The ten."""

    @describe("The ten categories in figures", answer=TopTenShape, query=TopTenQuery)
    def get(self, request: Request) -> Response:
        tenants, at = self.listed_tenant_ids(self.read_query(TopTenQuery).get("tenant_id")), timezone.now()
        counted, trend = selectors.by_category(tenants, at=at), selectors.days(tenants, at=at)
        return Response(TopTenShape({"categories": counted, "trend": trend}).data)


class FindingView(_FindingView):
    """One finding."""

    @describe("Read a finding with its comments", answer=WholeFindingShape)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.answer(id)


class _CommandView(_FindingView):
    """One command on a finding."""

    duties: ClassVar = {"POST": Duty.REPORT}
    machine_permissions: ClassVar = {}


class AcceptFindingView(_CommandView):
    """Answer for it until a date."""

    @describe(
        "Accept a finding until a date",
        answer=WholeFindingShape,
        body=AcceptShape,
        examples={"Until the replacement is there": {"until": "2026-06-30", "reason": "Replaced in sprint 14"}},
        description="It opens again by itself after that day; if its cause is gone before, it is resolved.",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        detections.accept(self.finding(id), **self.read(AcceptShape), actor=self.actor)
        return self.answer(id)


class ReopenFindingView(_CommandView):
    """Take an acceptance back."""

    @describe("End an acceptance", answer=WholeFindingShape, body=ReasonShape)
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        detections.reopen(self.finding(id), **self.read(ReasonShape), actor=self.actor)
        return self.answer(id)


class CommentFindingView(_CommandView):
    """Say something about it."""

    @describe(
        "Comment on a finding",
        answer=WholeFindingShape,
        body=CommentBody,
        examples={"A remark": {"text": "Asked the vendor; an answer is due on Friday."}},
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        detections.comment(self.finding(id), **self.read(CommentBody), actor=self.actor)
        return self.answer(id)


class AssignFindingView(_CommandView):
    """Give it to somebody."""

    @describe("Assign a finding", answer=WholeFindingShape, body=AssignShape)
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        detections.assign(self.finding(id), **self.read(AssignShape), actor=self.actor)
        return self.answer(id)


def _condition(query: dict[str, Any]) -> Q:
    condition = Q(**{name: query[name] for name in _EXACT if query.get(name)})
    if query.get("owner"):
        condition &= selectors.owned_by(query["owner"])
    if query.get("since"):
        condition &= Q(opened_at__gte=query["since"])
    return condition


urlpatterns = [
    path("findings", FindingsView.as_view(), name="findings"),
    path("findings/topTen", TopTenView.as_view(), name="top-ten"),
    path("findings/<uuid:id>", FindingView.as_view(), name="finding"),
    path("findings/<uuid:id>/accept", AcceptFindingView.as_view(), name="accept-finding"),
    path("findings/<uuid:id>/reopen", ReopenFindingView.as_view(), name="reopen-finding"),
    path("findings/<uuid:id>/comment", CommentFindingView.as_view(), name="comment-finding"),
    path("findings/<uuid:id>/assign", AssignFindingView.as_view(), name="assign-finding"),
]
