"""The schedules that run as an identity, whose workflow uses it for a node, or that read its secret."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery
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
        rows = Schedule.objects.filter(tenant_id=identity.tenant_id, deleted_at=None).order_by()
        placed = rows.annotate(uri=KT("secret_reference__vaultUri"), secret=KT("secret_reference__secretName"))
        reading = placed.filter(Exists(resting(identity).filter(uri=OuterRef("uri"), secret=OuterRef("secret"))))
        # Each of the three by an index of its own: asked with "or" they would be looked for in every schedule.
        own = rows.filter(managed_identity_id=identity.id)
        using = rows.filter(workflow__deleted_at=None, workflow__nodes__icontains=str(identity.id))
        first, *others = [way.values("pk") for way in (own, using, reading)]
        concerned = Schedule.objects.select_related("workflow").filter(pk__in=first.union(*others))
        ended = ScheduleRun.objects.filter(schedule_id=OuterRef("pk"), started_at__isnull=False).order_by("-created_at")
        named: QuerySet[Any] = concerned.annotate(last_run=Subquery(ended.values("started_at")[:1]))
        for schedule in named.order_by("name")[:MOST]:
            yield Dependency(
                kind=self.kind,
                id=str(schedule.id),
                label=schedule.name,
                detail=_detail(schedule, identity, uses=_uses(schedule.workflow, identity)),
                evidence=f"Schedule of workflow {schedule.workflow.key}, version {schedule.workflow.version}",
                last_seen_at=schedule.last_run,
                model="scheduling.schedule",
            )


def _uses(workflow: Workflow, identity: ManagedIdentity) -> bool:
    """Whether a node of the workflow works as this identity."""
    wanted = str(identity.id)
    return any(str(node.get("managedIdentityId") or "").lower() == wanted for node in workflow.nodes)


def _detail(schedule: Schedule, identity: ManagedIdentity, *, uses: bool) -> str:
    when = f"next run {schedule.next_run_at:%Y-%m-%d %H:%M} UTC" if schedule.next_run_at else "paused"
    if schedule.managed_identity_id == identity.id:
        return f"Every run of {schedule.workflow.key} is refused ({when})"
    if uses:
        return f"Runs of {schedule.workflow.key} stop at the node that uses it ({when})"
    return f"Reads its secret for another identity: no token for runs of {schedule.workflow.key} ({when})"
