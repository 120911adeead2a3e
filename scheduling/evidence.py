"""What the scheduler keeps of an identity that is quarantined: its schedules, its last runs, the secrets they read."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from identities.inventory.models import ManagedIdentity
from identities.lifecycle.evidence.base import Evidence, Readable, written
from scheduling.models import Schedule, ScheduleRun

MOST = 100
_SCHEDULE = (
    "id", "name", "workflow__key", "cron_expression", "timezone", "secret_reference", "is_enabled", "next_run_at",
    "owner__email", "owner_team__name",
)  # fmt: skip
_RUN = (
    "id", "schedule__name", "workflow_key", "workflow_version", "trigger", "scheduled_for", "requested_at",
    "requested_by", "state", "code", "reason", "started_at", "finished_at", "correlation_id",
)  # fmt: skip


class Scheduled(Evidence):
    """Kind `scheduling`: names, moments and outcomes; input and output of steps stay with their runs."""

    kind = "scheduling"

    def of(self, identity: ManagedIdentity, at: datetime) -> Any:
        runs = ScheduleRun.objects.filter(identity_id=identity.pk, tenant_id=identity.tenant_id)
        return {
            "schedules": written(self._schedules(identity)[:MOST], _SCHEDULE),
            "runs": written(runs.order_by("-created_at", "-id")[:MOST], _RUN),
        }

    def readable(self, identity: ManagedIdentity, at: datetime) -> Iterator[Readable]:
        for schedule in self._schedules(identity).select_related("workflow")[:MOST]:
            for place in (schedule.secret_reference, *_of_nodes(schedule, identity)):
                if place and (name := place.get("secretName")):
                    yield _readable(place, name, f"named by schedule {schedule.name}")
        runs = ScheduleRun.objects.filter(identity_id=identity.pk, tenant_id=identity.tenant_id)
        for place, schedule_name in runs.order_by("-created_at")[:MOST].values_list(
            "secret_reference", "schedule__name"
        ):
            if name := (place or {}).get("secretName"):
                yield _readable(place, name, f"named by schedule {schedule_name}")

    def _schedules(self, identity: ManagedIdentity) -> Any:
        rows = Schedule.objects.filter(managed_identity_id=identity.pk, tenant_id=identity.tenant_id, deleted_at=None)
        return rows.order_by("name", "id")


def _readable(place: Mapping[str, str], name: str, through: str) -> Readable:
    return Readable(place.get("provider", ""), place.get("vaultUri", ""), name, through)


def _of_nodes(schedule: Schedule, identity: ManagedIdentity) -> Iterator[dict[str, str]]:
    """References that nodes name for this very identity; those for others are read as those others."""
    for node in schedule.workflow.nodes:
        if str(node.get("managedIdentityId") or "").lower() == str(identity.pk) and node.get("secretReference"):
            yield node["secretReference"]
