"""The schedules that run as an identity, and those whose workflow uses it for one of its nodes."""

from collections.abc import Iterator
from uuid import UUID

from django.db.models import Q

from identities.inventory.dependencies.base import Dependency, DependencySource
from identities.inventory.models import ManagedIdentity
from scheduling.models import Schedule, Workflow

MOST = 300


class Schedules(DependencySource):
    """Kind `schedule`; deleted ones break no more."""

    kind = "schedule"

    def of(self, identity: ManagedIdentity) -> Iterator[Dependency]:
        using = workflows_using(identity.id, identity.tenant_id)
        rows = Schedule.objects.select_related("workflow").filter(tenant_id=identity.tenant_id, deleted_at=None)
        concerned = rows.filter(Q(managed_identity_id=identity.id) | Q(workflow_id__in=using))
        for schedule in concerned.order_by("name")[:MOST]:
            yield Dependency(
                kind=self.kind, id=str(schedule.id), label=schedule.name, detail=_detail(schedule, identity)
            )


def workflows_using(identity_id: UUID, tenant_id: UUID) -> list[int]:
    """Ids of the workflows that have a node of their own identity, when it is this one."""
    rows = Workflow.objects.filter(tenant_id=tenant_id, deleted_at=None).values_list("id", "nodes")
    wanted = str(identity_id)
    return [
        key for key, nodes in rows if any(str(node.get("managedIdentityId") or "").lower() == wanted for node in nodes)
    ]


def _detail(schedule: Schedule, identity: ManagedIdentity) -> str:
    when = f"next run {schedule.next_run_at:%Y-%m-%d %H:%M} UTC" if schedule.next_run_at else "paused"
    if schedule.managed_identity_id == identity.id:
        return f"Every run of {schedule.workflow.key} is refused ({when})"
    return f"Runs of {schedule.workflow.key} stop at the node that uses it ({when})"
