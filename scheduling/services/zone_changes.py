"""When a country changes its clocks, a new tzdata release moves occurrences that were worked out before it."""

from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction

from audit import services as audit
from audit.actors import Actor
from scheduling import calendar as calendars
from scheduling.events import ScheduleEvent
from scheduling.models import Schedule
from scheduling.services.ledger import SYSTEM

log = structlog.get_logger(__name__)

REASON = "The rules of the time zone have changed"


def follow(at: datetime) -> int:
    """Work out anew what lies ahead of every schedule and move what the zones of today put elsewhere; how many moved.

    Harmless at any time: an occurrence that lies ahead is by definition the first after now. What has come already is
    left to its claim. A zone that no longer exists is logged; its schedule keeps the occurrence it has.
    """
    ahead = Schedule.objects.filter(is_enabled=True, deleted_at=None, next_run_at__gt=at)
    known = ahead.values_list("id", "cron_expression", "timezone", "next_run_at")
    moved = 0
    for schedule_id, expression, timezone, planned in known.iterator(chunk_size=500):
        try:
            found = calendars.next_after(calendars.parse(expression, timezone), at)
        except (calendars.BadExpression, calendars.BadTimezone) as error:
            log.warning("schedule.unreadable", schedule_id=str(schedule_id), reason=str(error))
            continue
        if planned is not None and found != planned:
            moved += _move(schedule_id, planned, found)
    return moved


@transaction.atomic
def _move(schedule_id: UUID, planned: datetime, found: datetime | None) -> int:
    # Only what is still as it was read: an edit or a claim meanwhile has worked it out itself.
    schedule = Schedule.objects.select_for_update(no_key=True).filter(id=schedule_id, next_run_at=planned).first()
    if schedule is None:
        return 0
    schedule.next_run_at = found
    schedule.save(update_fields=["next_run_at"])
    current = found.isoformat() if found else None
    audit.record(
        ScheduleEvent.RECOMPUTED,
        actor=Actor.system(SYSTEM, schedule.tenant_id),
        subject=schedule.subject,
        reason=REASON,
        changes={"next_run_at": {"previous": planned.isoformat(), "current": current}},
    )
    return 1
