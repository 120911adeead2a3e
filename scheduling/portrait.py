"""What runs as an identity by itself, as people agree to it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from identities.inventory.models import ManagedIdentity
from identities.inventory.portrait.base import PortraitPart, digest
from scheduling.models import Schedule


class Schedules(PortraitPart):
    """Each schedule with what it runs, when, on which input and secret. A pause is no part: it takes nothing on."""

    kind = "schedules"
    label = "Schedules"

    def of(self, identities: Sequence[ManagedIdentity]) -> Mapping[UUID, Any]:
        tenants = {one.pk: one.tenant_id for one in identities}
        rows = Schedule.objects.filter(managed_identity_id__in=tenants, deleted_at=None).select_related("workflow")
        found: defaultdict[UUID, list[dict[str, Any]]] = defaultdict(list)
        for schedule in rows.order_by("name", "pk"):
            if schedule.tenant_id == tenants[schedule.managed_identity_id]:
                found[schedule.managed_identity_id].append(_told(schedule))
        return found


def _told(schedule: Schedule) -> dict[str, Any]:
    return {
        "name": schedule.name,
        "cron": schedule.cron_expression,
        "timezone": schedule.timezone,
        "workflow": f"{schedule.workflow.key} v{schedule.workflow.version}",
        "inputs": digest(schedule.input_data),
        "secret_reference": schedule.secret_reference,
    }
