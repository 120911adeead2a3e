"""The schedules that run as an identity, whose workflow uses it for a node, or that read its secret."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KT

from identities.credentials.places import resting
from identities.inventory.dependencies.base import Dependency, DependencySource
from identities.inventory.models import ManagedIdentity
from scheduling.models import Schedule, ScheduleRun, Workflow

MOST = 300


class Schedules(DependencySource):
    """Kind `schedule`; deleted ones break no more."""

    kind = "schedule"

    def of(self, identity: ManagedIdentity) -> Iterator[Dependency]:
        using = workflows_using(identity.id, identity.tenant_id)
        rows = Schedule.objects.select_related("workflow").filter(tenant_id=identity.tenant_id, deleted_at=None)
        placed = rows.annotate(uri=KT("secret_reference__vaultUri"), secret=KT("secret_reference__secretName"))
        reads = Q(Exists(resting(identity).filter(uri=OuterRef("uri"), secret=OuterRef("secret"))))
        concerned = placed.filter(Q(managed_identity_id=identity.id) | Q(workflow_id__in=using) | reads)
        ended = ScheduleRun.objects.filter(schedule_id=OuterRef("pk"), started_at__isnull=False).order_by("-created_at")
        named: QuerySet[Any] = concerned.annotate(last_run=Subquery(ended.values("started_at")[:1]))
        for schedule in named.order_by("name")[:MOST]:
            yield Dependency(
                kind=self.kind,
                id=str(schedule.id),
                label=schedule.name,
                detail=_detail(schedule, identity, uses=schedule.workflow_id in using),
                evidence=f"Schedule of workflow {schedule.workflow.key}, version {schedule.workflow.version}",
                last_seen_at=schedule.last_run,
                model="scheduling.schedule",
            )


def workflows_using(identity_id: UUID, tenant_id: UUID) -> list[int]:
    """Ids of the workflows that have a node of their own identity, when it is this one."""
    rows = Workflow.objects.filter(tenant_id=tenant_id, deleted_at=None).values_list("id", "nodes")
    wanted = str(identity_id)
    return [
        key for key, nodes in rows if any(str(node.get("managedIdentityId") or "").lower() == wanted for node in nodes)
    ]


def _detail(schedule: Schedule, identity: ManagedIdentity, *, uses: bool) -> str:
    when = f"next run {schedule.next_run_at:%Y-%m-%d %H:%M} UTC" if schedule.next_run_at else "paused"
    if schedule.managed_identity_id == identity.id:
        return f"Every run of {schedule.workflow.key} is refused ({when})"
    if uses:
        return f"Runs of {schedule.workflow.key} stop at the node that uses it ({when})"
    return f"Reads its secret for another identity: no token for runs of {schedule.workflow.key} ({when})"
