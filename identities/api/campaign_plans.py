"""Plans of review campaigns over the API: the rhythm in which they are launched."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.api.campaign_shapes import NewPlan, PlanChanges, PlanShape
from identities.api.schema import describe
from identities.api.serializers import ListQuery
from identities.api.views import PortalView
from identities.recertification import plans
from identities.recertification.models import CampaignPlan

EXAMPLE: Mapping[str, Any] = {
    "name": "High tier, each quarter",
    "scope": {"riskTier": "high"},
    "everyDays": 91,
    "answerDays": 14,
}


class CampaignPlansView(PortalView):
    """Plans."""

    tag = "campaigns"
    resource_kind = "campaign_plan"
    duties: ClassVar = {"GET": Duty.READ_REGISTER, "POST": Duty.GOVERN}
    machine_permissions: ClassVar = {"GET": "review.read"}
    orderings: ClassVar = {"name": "name", "nextAt": "next_at", "createdAt": "created_at"}
    ordering: ClassVar = "name"

    @describe("List plans of review campaigns", answer=PlanShape, query=ListQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query()
        tenants = self.listed_tenant_ids(query.get("tenant_id"))
        rows = CampaignPlan.objects.all()
        return self.listing(rows if tenants is None else rows.filter(tenant_id__in=tenants), PlanShape, query)

    @describe("Plan review campaigns", answer=PlanShape, body=NewPlan, status=201, examples={"Each quarter": EXAMPLE})
    def post(self, request: Request) -> Response:
        body = {"scope": {}, **self.read(NewPlan)}
        tenant = self.tenant_for(body.pop("tenant_id", None))
        return self.show(plans.create(tenant=tenant, actor=self.actor, **body), PlanShape, status=201)


class CampaignPlanView(PortalView):
    """One plan."""

    tag = "campaigns"
    resource_kind = "campaign_plan"
    duties: ClassVar = {"GET": Duty.READ_REGISTER, "PATCH": Duty.GOVERN, "DELETE": Duty.GOVERN}
    machine_permissions: ClassVar = {"GET": "review.read"}

    def plan(self, id: UUID) -> CampaignPlan:  # noqa: A002
        return self.get_or_404(CampaignPlan.objects.all(), id)

    @describe("Read a plan", answer=PlanShape)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.show(self.plan(id), PlanShape)

    @describe("Change a plan; campaigns that run go on as they are", answer=PlanShape, body=PlanChanges)
    def patch(self, request: Request, id: UUID) -> Response:  # noqa: A002
        plan = self.plan(id)
        return self.show(plans.change(plan, actor=self.actor, **self.read(PlanChanges, partial=True)), PlanShape)

    @describe("Remove a plan; its campaigns stay", answer=None, status=204)
    def delete(self, request: Request, id: UUID) -> Response:  # noqa: A002
        plans.remove(self.plan(id), actor=self.actor)
        return Response(status=204)


urlpatterns = [
    path("campaignPlans", CampaignPlansView.as_view(), name="campaign-plans"),
    path("campaignPlans/<uuid:id>", CampaignPlanView.as_view(), name="campaign-plan"),
]
