"""Questions to the scheduler, answered with what a list or a page shows, in a fixed number of queries."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery

from identities.access.matrix import Duty, Reach
from identities.access.principal import Principal
from identities.approvals import selectors as approvals
from identities.approvals.models import ApprovalRequest
from identities.inventory.models import ManagedIdentity
from identities.people.models import Team
from identities.statements.rows import PreparedRows
from scheduling.models import RunStep, Schedule, ScheduleRun, Workflow, WorkflowVersion

_VERSION = PreparedRows(
    WorkflowVersion,
    lambda workflow_id, version: WorkflowVersion.objects.filter(workflow_id=workflow_id, version=version).order_by(),
    workflow_id=int,
    version=int,
)


def workflows(tenant_ids: Collection[UUID] | None) -> QuerySet[Workflow]:
    """The workflows in use of these tenants (None: of every one), with their policy."""
    rows = Workflow.objects.filter(deleted_at=None).select_related("resource_policy")
    return rows if tenant_ids is None else rows.filter(tenant_id__in=tenant_ids)


def schedules(tenant_ids: Collection[UUID] | None) -> QuerySet[Schedule]:
    """The schedules in use of these tenants, with workflow and owners."""
    rows = Schedule.objects.filter(deleted_at=None).select_related("workflow", "owner", "owner_team")
    rows = rows.annotate(approval_id=_approvals(OuterRef("pk")))
    return rows if tenant_ids is None else rows.filter(tenant_id__in=tenant_ids)


def runs(tenant_ids: Collection[UUID] | None) -> QuerySet[ScheduleRun]:
    """The runs of these tenants, also of schedules that are gone."""
    rows = ScheduleRun.objects.select_related("schedule")
    return rows if tenant_ids is None else rows.filter(tenant_id__in=tenant_ids)


def runs_with_steps(tenant_ids: Collection[UUID] | None) -> QuerySet[ScheduleRun]:
    """As `runs`, each with every attempt at every step, in order."""
    steps = RunStep.objects.order_by("sequence", "attempt", "id")
    return runs(tenant_ids).prefetch_related(Prefetch("steps", queryset=steps))


def schedules_of_identity(identity_id: UUID) -> QuerySet[Schedule]:
    """The schedules in use that run as this identity."""
    return Schedule.objects.filter(managed_identity_id=identity_id, deleted_at=None).select_related("workflow")


def definition_of(run: ScheduleRun) -> WorkflowVersion:
    """The version of the workflow that the run was made from."""
    (found,) = _VERSION.find(workflow_id=run.workflow_id, version=run.workflow_version)
    return found


def owned_by(user_id: UUID) -> Q:
    """Schedules that are one's own: as their owner or in their team."""
    return Q(owner_id=user_id) | Q(owner_team__members=user_id)


def holds(principal: Principal, schedule: Schedule) -> bool:
    """Whether the caller may operate this schedule: pause, resume, run now, preview, cancel its runs.

    Who governs the tenant may operate all of it, an ANALYST what is their own; a managed identity what its permission
    let it come here for, in its own tenant.
    """
    if principal.is_machine:
        return schedule.tenant_id == principal.tenant_id
    reach = principal.reach(Duty.OPERATE_SCHEDULE)
    if reach is not Reach.OWN:
        return reach is Reach.EVERY or (reach is Reach.TENANT and schedule.tenant_id == principal.tenant_id)
    if schedule.owner_id == principal.user_id:
        return True
    team_id = schedule.owner_team_id
    return team_id is not None and Team.objects.filter(pk=team_id, members=principal.user_id).exists()


def identity_column(path: str, name: str) -> Subquery:
    """A column of the identity that `path` names, for rows that hold its id without a link."""
    found = ManagedIdentity.objects.filter(pk=OuterRef(path), tenant_id=OuterRef("tenant_id"))
    return Subquery(found.values(name)[:1])


def approval_of(schedule: Any) -> dict[str, Any] | None:
    """How it stands with its approval, the last question that was asked, and until when it runs on; None without."""
    if not schedule.approval_state:
        return None
    if not hasattr(schedule, "approval_id"):
        found = approvals.latest("schedule", schedule.pk)
        schedule.approval_id = found.pk if found else None
    return {"state": schedule.approval_state, "id": schedule.approval_id, "by": schedule.approval_by}


def _approvals(subject_id: OuterRef) -> Subquery:
    rows = ApprovalRequest.objects.filter(subject_kind="schedule", subject_id=subject_id)
    return Subquery(rows.order_by("-requested_at", "-pk").values("pk")[:1])
