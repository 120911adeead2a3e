"""/flowstudio/api/runs: what came of each firing."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.api.schema import describe
from identities.api.serializers import ListQuery, OptionalReasonShape
from identities.api.views import PortalView
from scheduling import selectors
from scheduling.api.schedules import NOT_YOURS
from scheduling.api.shapes import RunShape, RunWithStepsShape
from scheduling.models import RunState, Trigger
from scheduling.services import runs


class RunsQuery(ListQuery):
    """Filters of the list."""

    schedule_id = serializers.UUIDField(required=False)
    state = serializers.ChoiceField(choices=RunState.choices, required=False)
    workflow_id = serializers.CharField(required=False, max_length=100)
    managed_identity_id = serializers.UUIDField(required=False)
    trigger = serializers.ChoiceField(choices=Trigger.choices, required=False)


COLUMNS = {
    "schedule_id": "schedule_id",
    "state": "state",
    "workflow_id": "workflow_key",
    "managed_identity_id": "identity_id",
    "trigger": "trigger",
}


class RunsView(PortalView):
    """The runs of a tenant, newest first."""

    duties = {"GET": Duty.READ_REGISTER}
    machine_permissions = {"GET": "run.read"}
    resource_kind = "run"
    tag = "runs"
    orderings = {"createdAt": "created_at", "scheduledFor": "scheduled_for", "startedAt": "started_at"}

    @describe("List runs", answer=RunShape, query=RunsQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query(RunsQuery)
        wanted = {COLUMNS[name]: query[name] for name in COLUMNS if query.get(name) is not None}
        rows = selectors.runs(self.listed_tenant_ids(query.get("tenant_id"))).filter(**wanted)
        return self.listing(rows, RunShape, query)


class RunView(PortalView):
    """One run."""

    duties = {"GET": Duty.READ_REGISTER}
    machine_permissions = {"GET": "run.read"}
    resource_kind = "run"
    tag = "runs"

    @describe("Read a run with every step, its actor, decision, token expiry and attempts", answer=RunWithStepsShape)
    def get(self, request: Request, id: str) -> Response:  # noqa: A002
        return self.show(self.get_or_404(selectors.runs_with_steps(None), id), RunWithStepsShape)


class RunCancelView(PortalView):
    """End a run early."""

    duties = {"POST": Duty.OPERATE_SCHEDULE}
    machine_permissions = {"POST": "schedule.run"}
    resource_kind = "run"
    tag = "runs"

    @describe(
        "Cancel a run: at once if nobody works on it, else before its next step",
        answer=RunWithStepsShape,
        body=OptionalReasonShape,
    )
    def post(self, request: Request, id: str) -> Response:  # noqa: A002
        run = self.get_or_404(selectors.runs(None), id)
        if not selectors.holds(self.principal, run.schedule):
            self.refuse(NOT_YOURS)
        reason = self.read(OptionalReasonShape)["reason"]
        runs.cancel_run(run, actor=self.actor, reason=reason)
        return self.show(self.get_or_404(selectors.runs_with_steps(None), id), RunWithStepsShape)
