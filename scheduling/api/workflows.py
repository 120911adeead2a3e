"""/flowstudio/api/workflows, and the kinds of nodes they are made of."""

from dataclasses import replace
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.api.schema import describe
from identities.api.serializers import ListQuery, Query
from identities.api.views import PortalView
from scheduling import selectors
from scheduling.api.examples import POLICY, WORKFLOW
from scheduling.api.workflow_shapes import NodeKindsShape, WorkflowCreateShape, WorkflowShape, WorkflowWriteShape
from scheduling.models import Workflow
from scheduling.nodes import params
from scheduling.nodes.base import Node
from scheduling.services import workflows

TAG = "workflows"


class WorkflowQuery(Query):
    """Whose workflow is meant, for those who see several tenants."""

    tenant_id = serializers.UUIDField(required=False, help_text="Platform administrator and AUDITOR only.")


def _given(body: dict[str, Any]) -> dict[str, Any]:
    """Members that may be null outside and are empty inside."""
    empty: dict[str, Any] = {"resource_policy": ""}
    return {name: empty.get(name) if value is None else value for name, value in body.items()}


class WorkflowsView(PortalView):
    """The workflows of a tenant."""

    duties = {"GET": Duty.READ_REGISTER, "POST": Duty.GOVERN}
    machine_permissions = {"GET": "schedule.read"}
    resource_kind = "workflow"
    tag = TAG
    orderings = {"createdAt": "created_at", "id": "key", "name": "name"}

    @describe("List workflows", answer=WorkflowShape, query=ListQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query()
        rows = selectors.workflows(self.listed_tenant_ids(query.get("tenant_id")))
        return self.listing(rows, WorkflowShape, query)

    @describe(
        "Create a workflow",
        answer=WorkflowShape,
        body=WorkflowCreateShape,
        status=201,
        examples={"Monthly payroll": WORKFLOW, "With a resource policy": {**WORKFLOW, "resourcePolicy": POLICY}},
    )
    def post(self, request: Request) -> Response:
        body = self.read(WorkflowCreateShape)
        tenant, key = self.tenant_for(body.pop("tenant_id", None)), body.pop("id")
        content = workflows.Content(**_given(body))
        made = workflows.create_workflow(tenant_id=tenant.pk, key=key, content=content, actor=self.actor)
        return self.show(made, WorkflowShape, status=201)


class WorkflowView(PortalView):
    """One workflow, by its id."""

    duties = {"GET": Duty.READ_REGISTER, "PATCH": Duty.GOVERN, "DELETE": Duty.GOVERN}
    machine_permissions = {"GET": "schedule.read"}
    resource_kind = "workflow"
    tag = TAG

    @describe("Read a workflow", answer=WorkflowShape, query=WorkflowQuery)
    def get(self, request: Request, id: str) -> Response:  # noqa: A002
        return self.show(self._workflow(id), WorkflowShape)

    @describe(
        "Change a workflow: makes its next version", answer=WorkflowShape, body=WorkflowWriteShape, query=WorkflowQuery
    )
    def patch(self, request: Request, id: str) -> Response:  # noqa: A002
        workflow = self._workflow(id)
        body = _given(self.read(WorkflowWriteShape, partial=True))
        content = replace(workflows.content_of(workflow), **body)
        return self.show(workflows.change_workflow(workflow, content=content, actor=self.actor), WorkflowShape)

    @describe("Remove a workflow that no schedule runs", answer=None, query=WorkflowQuery, status=204)
    def delete(self, request: Request, id: str) -> Response:  # noqa: A002
        workflows.remove_workflow(self._workflow(id), actor=self.actor)
        return Response(status=204)

    def _workflow(self, key: str) -> Workflow:
        """Ids are unique in a tenant only: where several can be seen, the one named, else the own one comes first."""
        named = self.read_query(WorkflowQuery).get("tenant_id")
        own = frozenset({self.principal.tenant_id})
        tenants = self.listed_tenant_ids(named) if named else self.tenant_ids()
        if tenants is None and selectors.workflows(own).filter(key=key).exists():
            tenants = own
        return self.get_or_404(selectors.workflows(tenants), key, key="key")


class NodeKindsView(PortalView):
    """What a node can be."""

    duties = {"GET": Duty.READ_REGISTER}
    machine_permissions = {"GET": "schedule.read"}
    resource_kind = "workflow"
    tag = TAG

    @describe("List the kinds of nodes with the JSON schema of their params", answer=NodeKindsShape)
    def get(self, request: Request) -> Response:
        kinds = sorted(Node.kinds.values(), key=lambda kind: kind.kind)
        rows = [{"kind": kind.kind, "label": kind.label, "params": params.schema_of(kind.Params)} for kind in kinds]
        return Response({"results": rows})
