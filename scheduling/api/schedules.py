"""/flowstudio/api/schedules: document 1's JSON in, everything about the rhythm out."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.db import transaction
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.api.problems import InsufficientScope
from identities.api.schema import describe
from identities.api.serializers import ListQuery, OptionalReasonShape
from identities.api.views import PortalView
from identities.errors import Refused
from scheduling import selectors, tasks
from scheduling.api.examples import SCHEDULE
from scheduling.api.shapes import RunRequestedShape, ScheduleCreateShape, ScheduleShape, ScheduleWriteShape
from scheduling.models import Schedule
from scheduling.services import runs, schedules
from scheduling.services.facts import Facts

NOT_YOURS = "Only its owner, a member of its owning team or an ADMIN may operate this schedule"
GOVERNED = {"GET": "schedule.read", "POST": "schedule.write", "PATCH": "schedule.write", "DELETE": "schedule.write"}


class SchedulesQuery(ListQuery):
    """Filters of the list."""

    workflow_id = serializers.CharField(required=False, max_length=100)
    managed_identity_id = serializers.UUIDField(required=False)
    is_enabled = serializers.BooleanField(required=False, allow_null=True, default=None)
    name = serializers.CharField(required=False, max_length=200, help_text="Part of the name.")


COLUMNS = {
    "workflow_id": "workflow__key",
    "managed_identity_id": "managed_identity_id",
    "is_enabled": "is_enabled",
    "name": "name__icontains",
}


def _members(body: Mapping[str, Any]) -> dict[str, Any]:
    """The retry policy's two members stand beside the others inside."""
    plain = {name: value for name, value in body.items() if name != "retry_policy"}
    return {**plain, **body.get("retry_policy", {})}


class SchedulesView(PortalView):
    """The schedules of a tenant."""

    duties = {"GET": Duty.READ_REGISTER, "POST": Duty.GOVERN}
    machine_permissions = GOVERNED
    resource_kind = "schedule"
    tag = "schedules"
    orderings = {"createdAt": "created_at", "name": "name", "nextRunAt": "next_run_at"}

    @describe("List schedules", answer=ScheduleShape, query=SchedulesQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query(SchedulesQuery)
        wanted = {COLUMNS[name]: query[name] for name in COLUMNS if query.get(name) is not None}
        rows = selectors.schedules(self.listed_tenant_ids(query.get("tenant_id"))).filter(**wanted)
        return self.listing(rows, ScheduleShape, query)

    @describe(
        "Create a schedule",
        answer=ScheduleShape,
        body=ScheduleCreateShape,
        status=201,
        examples={"Monthly payroll": SCHEDULE},
    )
    def post(self, request: Request) -> Response:
        body = self.read(ScheduleCreateShape)
        tenant = self.tenant_for(body.pop("tenant_id", None))
        made = schedules.create_schedule(tenant_id=tenant.pk, facts=Facts(**_members(body)), actor=self.actor)
        return self.show(made, ScheduleShape, status=201)


class ScheduleView(PortalView):
    """One schedule."""

    duties = {"GET": Duty.READ_REGISTER, "PATCH": Duty.GOVERN, "DELETE": Duty.GOVERN}
    machine_permissions = GOVERNED
    resource_kind = "schedule"
    tag = "schedules"

    @describe("Read a schedule", answer=ScheduleShape)
    def get(self, request: Request, id: str) -> Response:  # noqa: A002
        return self.show(self._schedule(id), ScheduleShape)

    @describe("Change a schedule; runs that exist stay as they are", answer=ScheduleShape, body=ScheduleWriteShape)
    def patch(self, request: Request, id: str) -> Response:  # noqa: A002
        schedule = self._schedule(id)
        changes = _members(self.read(ScheduleWriteShape, partial=True))
        return self.show(schedules.change_schedule(schedule, changes=changes, actor=self.actor), ScheduleShape)

    @describe("Remove a schedule; its runs stay", answer=None, status=204)
    def delete(self, request: Request, id: str) -> Response:  # noqa: A002
        schedules.remove_schedule(self._schedule(id), actor=self.actor)
        return Response(status=204)

    def _schedule(self, schedule_id: str) -> Schedule:
        return self.get_or_404(selectors.schedules(None), schedule_id)


class OperatedView(PortalView):
    """A route under one schedule for whoever may operate it: the owner's hand, the team's, an ADMIN's."""

    duties = {"POST": Duty.OPERATE_SCHEDULE}
    machine_permissions: ClassVar[Mapping[str, str]] = {"POST": "schedule.run"}
    resource_kind = "schedule"
    tag = "schedules"

    def held(self, schedule_id: str) -> Schedule:
        """The schedule, or 404 for one that cannot be seen and 403 for one that is not the caller's to operate."""
        schedule = self.get_or_404(selectors.schedules(None), schedule_id)
        if not selectors.holds(self.principal, schedule):
            self.refuse(NOT_YOURS)
        return schedule

    def moved(self, schedule_id: str, command: Callable[..., Schedule]) -> Response:
        schedule = self.held(schedule_id)
        reason = self.read(OptionalReasonShape)["reason"]
        return self.show(command(schedule, actor=self.actor, reason=reason), ScheduleShape)


class SchedulePauseView(OperatedView):
    """Stop firing."""

    @describe("Pause a schedule", answer=ScheduleShape, body=OptionalReasonShape)
    def post(self, request: Request, id: str) -> Response:  # noqa: A002
        return self.moved(id, schedules.pause)


class ScheduleResumeView(OperatedView):
    """Go on firing."""

    @describe("Resume a schedule; its misfire policy covers the pause", answer=ScheduleShape, body=OptionalReasonShape)
    def post(self, request: Request, id: str) -> Response:  # noqa: A002
        return self.moved(id, schedules.resume)


class ScheduleRunNowView(OperatedView):
    """Run by hand."""

    @describe(
        "Run a schedule now, also a paused one; uses up no occurrence",
        answer=RunRequestedShape,
        body=OptionalReasonShape,
        status=202,
    )
    def post(self, request: Request, id: str) -> Response:  # noqa: A002
        schedule = self.held(id)
        reason = self.read(OptionalReasonShape)["reason"]
        try:
            run = runs.run_now(schedule, principal=self.principal, reason=reason)
        except Refused as refused:
            raise InsufficientScope("workflow.execute", detail=refused.message) from refused
        transaction.on_commit(lambda: tasks.ring_now(run.id))
        return Response({"runId": str(run.id)}, status=202)
