"""What runs as an identity by its schedules: tells the rules on reuse which workflows share one."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from identities.detections.facts import Workload
from identities.detections.witnesses.base import Witness
from scheduling.models import Schedule


class ScheduledWorkflows(Witness):
    """Kind `schedule`: the workflow of each schedule that is not deleted, run by the schedule's team."""

    kind = "schedule"

    def workloads(self, identity_ids: Collection[UUID], *, at: datetime) -> Mapping[UUID, Sequence[Workload]]:
        """Each workflow once a team. A paused schedule counts: it goes on when somebody says so."""
        rows = Schedule.objects.filter(managed_identity_id__in=identity_ids, deleted_at=None)
        found: defaultdict[UUID, list[Workload]] = defaultdict(list)
        columns = ("managed_identity_id", "workflow__key", "owner_team__name")
        for identity_id, workflow, team in rows.order_by("workflow__key", "owner_team__name").values_list(*columns):
            workload = Workload(workflow, "workflow", team or "")
            if workload not in found[identity_id]:
                found[identity_id].append(workload)
        return found
