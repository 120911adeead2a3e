"""An identity that is retired takes its schedules out of the calendar; one that is disabled leaves them in it.

A disabled identity may come back, and until then each occurrence leaves a refused run that says so; the runner looks
at the state again before every step, so nothing here has to stop a run.
"""

from django.utils import timezone

from audit import services as audit
from audit.actors import Actor
from identities.inventory.models import ManagedIdentity
from identities.lifecycle.effects.base import Change, Effect
from scheduling.events import ScheduleEvent
from scheduling.models import Schedule

REASON = "Its managed identity was retired"


class PauseSchedules(Effect):
    """Pauses the schedules of a retired identity, each with its record."""

    kind = "schedules"
    on = frozenset({Change.RETIRED})

    def apply(self, identity: ManagedIdentity, *, change: Change, reason: str, actor: Actor) -> str:
        rows = Schedule.objects.select_for_update().filter(
            managed_identity_id=identity.id, tenant_id=identity.tenant_id, is_enabled=True, deleted_at=None
        )
        paused = [_pause(schedule, actor) for schedule in rows]
        return f"{len(paused)} schedules paused" if paused else ""


def _pause(schedule: Schedule, actor: Actor) -> Schedule:
    schedule.held_run_at, schedule.next_run_at = schedule.next_run_at, None
    schedule.is_enabled, schedule.paused_at = False, timezone.now()
    schedule.paused_by, schedule.paused_reason = actor.label, REASON
    schedule.save(
        update_fields=[
            "held_run_at",
            "next_run_at",
            "is_enabled",
            "paused_at",
            "paused_by",
            "paused_reason",
            "updated_at",
        ]
    )
    audit.record(
        ScheduleEvent.PAUSED,
        actor=actor,
        subject=schedule.subject,
        reason=REASON,
        changes={"is_enabled": {"previous": True, "current": False}},
    )
    return schedule
