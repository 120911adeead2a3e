"""Routes of resource policies: Cedar text, checked before it is kept."""

from typing import ClassVar
from uuid import UUID

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.api.change_control import ChangedReasonShape, ChangeShape, stated
from identities.api.schema import describe
from identities.api.serializers import ListQuery, Shape
from identities.api.views import PortalView
from identities.policies import services as policies
from identities.policies.engine import MAX_TEXT
from identities.policies.models import ResourcePolicy

EXAMPLE = {
    "name": "No payroll at the weekend",
    "text": '@id("no-weekend")\n@reason("Payroll does not run at the weekend")\n'
    "forbid (principal, action, resource)\nwhen { context.weekday > 5 };",
}


class PolicyShape(Shape):
    """A policy and its rules."""

    id = serializers.UUIDField()
    tenant_id = serializers.UUIDField()
    name = serializers.CharField()
    text = serializers.CharField()
    content_hash = serializers.CharField(help_text="SHA-256 of the text.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class PolicyBody(Shape):
    """A policy to keep or to change."""

    name = serializers.CharField(max_length=120)
    text = serializers.CharField(
        max_length=MAX_TEXT, trim_whitespace=False, help_text='Cedar; each rule with @id("…") and @reason("…").'
    )
    change = ChangeShape(required=False, help_text="What stands behind the change.")


class NewPolicy(PolicyBody):
    """A policy to keep."""

    tenant_id = serializers.UUIDField(required=False, help_text="Another tenant: platform administrator only.")


class PolicyText(Shape):
    """Text to look at."""

    text = serializers.CharField(max_length=MAX_TEXT, trim_whitespace=False, allow_blank=True)


class PolicyVerdict(Shape):
    """Whether the text could be kept, and what is wrong with it, naming rule or line."""

    valid = serializers.BooleanField()
    problems = serializers.ListField(child=serializers.CharField())


class PoliciesView(PortalView):
    """Resource policies."""

    resource_kind = "policy"
    duties: ClassVar = {"GET": Duty.READ_REGISTER, "POST": Duty.GOVERN}
    orderings: ClassVar = {"createdAt": "created_at", "name": "name"}

    @describe("List policies", answer=PolicyShape, query=ListQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query()
        tenants = self.listed_tenant_ids(query.get("tenant_id"))
        rows = ResourcePolicy.objects.all()
        return self.listing(rows if tenants is None else rows.filter(tenant_id__in=tenants), PolicyShape, query)

    @describe("Keep a policy", answer=PolicyShape, body=NewPolicy, status=201, examples={"A forbid rule": EXAMPLE})
    def post(self, request: Request) -> Response:
        body = self.read(NewPolicy)
        tenant = self.tenant_for(body.pop("tenant_id", None))
        with stated(body):
            made = policies.create_policy(tenant_id=tenant.pk, actor=self.actor, **body)
        return self.show(made, PolicyShape, status=201)


class PolicyView(PortalView):
    """One policy."""

    resource_kind = "policy"
    duties: ClassVar = {"GET": Duty.READ_REGISTER, "PATCH": Duty.GOVERN, "DELETE": Duty.GOVERN}

    def policy(self) -> ResourcePolicy:
        return self.get_or_404(ResourcePolicy.objects.all(), self.kwargs["id"])

    @describe("Read a policy", answer=PolicyShape)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.show(self.policy(), PolicyShape)

    @describe("Change a policy", answer=PolicyShape, body=PolicyBody)
    def patch(self, request: Request, id: UUID) -> Response:  # noqa: A002
        policy, body = self.policy(), self.read(PolicyBody, partial=True)
        with stated(body):
            return self.show(policies.change_policy(policy, actor=self.actor, **body), PolicyShape)

    @describe("Remove a policy that rules nothing", answer=None, body=ChangedReasonShape, status=204)
    def delete(self, request: Request, id: UUID) -> Response:  # noqa: A002
        policy, body = self.policy(), self.read(ChangedReasonShape) if request.data else {"reason": ""}
        with stated(body):
            policies.remove_policy(policy, reason=body["reason"], actor=self.actor)
        return Response(status=204)


class ValidatePolicyView(PortalView):
    """A look at a text that is not kept."""

    resource_kind = "policy"
    duties: ClassVar = {"POST": Duty.GOVERN}

    @describe("Look at a text without keeping it", answer=PolicyVerdict, body=PolicyText)
    def post(self, request: Request) -> Response:
        problems = policies.validate(self.read(PolicyText)["text"])
        return Response(PolicyVerdict({"valid": not problems, "problems": problems}).data)


urlpatterns = [
    path("policies", PoliciesView.as_view(), name="policies"),
    path("policies/validate", ValidatePolicyView.as_view(), name="validate-policy"),
    path("policies/<uuid:id>", PolicyView.as_view(), name="policy"),
]
