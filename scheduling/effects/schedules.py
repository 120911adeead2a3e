"""What becomes of the schedules of an identity whose state changes.

Retired and quarantined, it takes them out of the calendar; a release gives back those that the quarantine took, and no
other. Disabled or paused, it leaves them in: it may come back, and until then each occurrence leaves a refused run that
says so. The runner looks at the state again before every step, so nothing here has to stop a run.
"""

from django.db.models import QuerySet

from audit.actors import Actor
from identities.inventory.models import ManagedIdentity
from identities.lifecycle.effects.base import Change, Effect
from scheduling.models import RunState, Schedule, ScheduleRun
from scheduling.services import schedules

REASON = "Its managed identity was retired"
#: Also the mark by which a release knows them again; somebody who resumes and pauses by hand takes it off.
QUARANTINED = "Its managed identity is quarantined"


class PauseSchedules(Effect):
    """Pauses and resumes schedules, each with its record."""

    kind = "schedules"
    on = frozenset({Change.RETIRED, Change.QUARANTINED, Change.RELEASED})

    def apply(self, identity: ManagedIdentity, *, change: Change, reason: str, actor: Actor) -> str:
        if change is Change.RELEASED:
            return _resume(_of(identity).filter(is_enabled=False, paused_reason=QUARANTINED), actor, reason)
        rows = list(_of(identity).filter(is_enabled=True))
        for schedule in rows:
            schedules.pause(schedule, actor=actor, reason=REASON if change is Change.RETIRED else QUARANTINED)
        return _counted(len(rows), "paused")


class StopRuns(Effect):
    """Says which runs are under way: each stops before its next step, where the runner asks for the state again."""

    kind = "runs"
    on = frozenset({Change.QUARANTINED})

    def apply(self, identity: ManagedIdentity, *, change: Change, reason: str, actor: Actor) -> str:
        under_way = ScheduleRun.objects.filter(
            identity_id=identity.pk, tenant_id=identity.tenant_id, state__in=RunState.open()
        ).count()
        one = f"{under_way} runs stop" if under_way != 1 else "1 run stops"
        return f"{one} before the next step" if under_way else ""


def _of(identity: ManagedIdentity) -> QuerySet[Schedule]:
    rows = Schedule.objects.filter(managed_identity_id=identity.pk, tenant_id=identity.tenant_id, deleted_at=None)
    return rows.order_by("pk")


def _resume(rows: QuerySet[Schedule], actor: Actor, reason: str) -> str:
    found = list(rows)
    for schedule in found:
        schedules.resume(schedule, actor=actor, reason=reason)
    return _counted(len(found), "resumed")


def _counted(number: int, verb: str) -> str:
    return f"{number} schedule{'s' if number != 1 else ''} {verb}" if number else ""
