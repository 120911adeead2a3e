"""Review campaigns over the API: launch and cancel one, follow it, and take its report."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty, Reach
from identities.api.campaign_item_shapes import ReviewItemQuery, ReviewItemShape
from identities.api.campaign_items import matching, whole
from identities.api.campaign_shapes import CampaignQuery, CampaignReportQuery, CampaignShape, NewCampaign
from identities.api.schema import describe
from identities.api.serializers import ReasonShape
from identities.api.views import PortalView
from identities.programme import campaign_files
from identities.recertification import campaigns, reporting, selectors
from identities.recertification.models import ReviewCampaign, ReviewItem

NOT_ALL = "The report holds what others decided as well"
EXAMPLE: Mapping[str, Any] = {
    "name": "High tier, fourth quarter",
    "scope": {"riskTier": "high", "environment": "production"},
    "dueAt": "2027-01-31T12:00:00Z",
    "reviewerRule": "owner",
    "onSilence": "by_tier",
}


class _CampaignView(PortalView):
    """What the routes of campaigns have in common."""

    tag = "campaigns"
    resource_kind = "campaign"
    duties: ClassVar = {"GET": Duty.READ_REGISTER, "POST": Duty.GOVERN}
    machine_permissions: ClassVar = {"GET": "review.read"}

    def campaign(self, id: UUID) -> ReviewCampaign:  # noqa: A002
        """The campaign with its progress."""
        return self.get_or_404(selectors.campaigns(None), id)


class CampaignsView(_CampaignView):
    """Campaigns."""

    orderings: ClassVar = {"openedAt": "opened_at", "dueAt": "due_at", "name": "name"}
    ordering: ClassVar = "-openedAt"

    @describe("List review campaigns", answer=CampaignShape, query=CampaignQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query(CampaignQuery)
        rows = selectors.campaigns(self.listed_tenant_ids(query.get("tenant_id")))
        exact = {name: query[name] for name in ("state", "plan_id", "is_drift") if query.get(name) is not None}
        return self.listing(rows.filter(**exact), CampaignShape, query)

    @describe(
        "Launch a review campaign",
        answer=CampaignShape,
        body=NewCampaign,
        status=201,
        examples={"The high tier": EXAMPLE},
        description=(
            "One item for each identity of the scope, asked of a person who is not a machine and not judged by it. A "
            "large campaign is `preparing` until its items are written. What nobody answers by `dueAt` is acted on."
        ),
    )
    def post(self, request: Request) -> Response:
        body = self.read(NewCampaign)
        tenant = self.tenant_for(body.pop("tenant_id", None))
        made = campaigns.launch(tenant=tenant, actor=self.actor, **body)
        return self.show(selectors.campaigns(None).get(pk=made.pk), CampaignShape, status=201)


class CampaignView(_CampaignView):
    """One campaign."""

    duties: ClassVar = {"GET": Duty.READ_REGISTER}

    @describe("Read a campaign with its progress", answer=CampaignShape)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.show(self.campaign(id), CampaignShape)


class CancelCampaignView(_CampaignView):
    """Its end before its time."""

    duties: ClassVar = {"POST": Duty.GOVERN}
    machine_permissions: ClassVar = {}

    @describe(
        "Cancel a campaign",
        answer=CampaignShape,
        body=ReasonShape,
        examples={"A mistake": {"reason": "The scope was wrong"}},
        description="Nobody is asked any more and silence has no consequence. What was decided stands.",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        campaigns.cancel(self.campaign(id), actor=self.actor, **self.read(ReasonShape))
        return self.show(self.campaign(id), CampaignShape)


class CampaignItemsOfView(_CampaignView):
    """Its items."""

    duties: ClassVar = {"GET": Duty.READ_REGISTER}
    orderings: ClassVar = {"openedAt": "opened_at", "decidedAt": "decided_at", "identity": "identity__name"}
    ordering: ClassVar = "openedAt"

    @describe("List the items of a campaign", answer=ReviewItemShape, query=ReviewItemQuery, listing=True)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        query = self.read_query(ReviewItemQuery)
        rows: QuerySet[ReviewItem] = whole().filter(campaign=self.campaign(id))
        return self.listing(rows.filter(matching(query, self.principal)), ReviewItemShape, query)


class CampaignReportView(_CampaignView):
    """Its report."""

    duties: ClassVar = {"GET": Duty.READ_AUDIT}
    machine_permissions: ClassVar = {}

    @describe(
        "Make the report of a campaign",
        description=(
            "Who decided what, when, on what evidence, what silence meant, what was undone and how fast it was carried "
            "out. ADMIN and AUDITOR. That it was made is recorded. `html` prints well."
        ),
        query=CampaignReportQuery,
        answer=None,
        file="The report, in the format asked for.",
    )
    def get(self, request: Request, id: UUID) -> HttpResponseBase:  # noqa: A002
        file_format = self.read_query(CampaignReportQuery)["format"]
        row = self.campaign(id)
        if self.principal.reach(self.duty()) is Reach.OWN:
            self.refuse(NOT_ALL)
        report = reporting.make(row, file_format=file_format, actor=self.actor)
        return campaign_files.answer(report, file_format=file_format)


urlpatterns = [
    path("campaigns", CampaignsView.as_view(), name="campaigns"),
    path("campaigns/<uuid:id>", CampaignView.as_view(), name="campaign"),
    path("campaigns/<uuid:id>/cancel", CancelCampaignView.as_view(), name="cancel-campaign"),
    path("campaigns/<uuid:id>/items", CampaignItemsOfView.as_view(), name="campaign-items-of"),
    path("campaigns/<uuid:id>/report", CampaignReportView.as_view(), name="campaign-report"),
]
