"""An identity that is retired takes its schedules out of the calendar; one that is disabled leaves them in it.

A disabled identity may come back, and until then each occurrence leaves a refused run that says so; the runner looks
at the state again before every step, so nothing here has to stop a run.
"""

from audit.actors import Actor
from identities.inventory.models import ManagedIdentity
from identities.lifecycle.effects.base import Change, Effect
from scheduling.models import Schedule
from scheduling.services import schedules

REASON = "Its managed identity was retired"


class PauseSchedules(Effect):
    """Pauses the schedules of a retired identity, each with its record."""

    kind = "schedules"
    on = frozenset({Change.RETIRED})

    def apply(self, identity: ManagedIdentity, *, change: Change, reason: str, actor: Actor) -> str:
        rows = list(
            Schedule.objects.filter(
                managed_identity_id=identity.id, tenant_id=identity.tenant_id, is_enabled=True, deleted_at=None
            )
        )
        for schedule in rows:
            schedules.pause(schedule, actor=actor, reason=REASON)
        return f"{len(rows)} schedules paused" if rows else ""
