"""A workflow as a pilot: the identities that its schedules run as, and those that its nodes name for themselves."""

from collections.abc import Collection, Sequence
from uuid import UUID

from identities.programme.pilots.base import Pilot
from scheduling import selectors
from scheduling.models import Schedule
from scheduling.services.acting import named_by

MOST = 200


class Workflows(Pilot):
    """Kind `workflow`, by its key; deleted schedules and workflows do not count."""

    kind = "workflow"

    def choices(self, tenant_ids: Collection[UUID] | None) -> Sequence[tuple[str, str]]:
        rows = selectors.workflows(tenant_ids).order_by("name", "key").values_list("key", "name")
        return list(rows[:MOST])

    def identity_ids(self, value: str, tenant_ids: Collection[UUID] | None) -> frozenset[UUID]:
        workflows = list(selectors.workflows(tenant_ids).filter(key=value))
        running = Schedule.objects.filter(workflow__in=workflows, deleted_at=None)
        named = {UUID(str(each)) for workflow in workflows for each in named_by(workflow.nodes)}
        return frozenset(named | set(running.values_list("managed_identity_id", flat=True)))
