"""Commands on schedules. Whoever may give them is asked by the face; what a domain rule forbids is refused here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor
from audit.changes import Changes, between
from identities.errors import Conflict, Invalid, Missing
from scheduling import calendar as calendars
from scheduling.events import ScheduleEvent
from scheduling.models import Schedule, Workflow
from scheduling.services import acting, approving, cadence, firing, limits, portraits, reading
from scheduling.services.facts import NAME_TAKEN, SAME, Facts, apply, facts_of


@transaction.atomic
def create_schedule(*, tenant_id: UUID, facts: Facts, actor: Actor) -> Schedule:
    """Enter a schedule, going from now on (S1-12…20). Invalid names every member that does not fit.

    Conflict when the tenant has as many as it may. A managed identity may enter only what runs as itself (Refused).
    """
    most = limits.schedules_per_tenant()
    if Schedule.objects.filter(tenant_id=tenant_id, deleted_at=None).count() >= most:
        raise Conflict(f"A tenant may have {most} schedules", code="too_many_schedules")
    now = timezone.now()
    acting.hold(facts.managed_identity_id, *_named_by(_by_key(tenant_id, facts.workflow_id)))
    schedule = Schedule(tenant_id=tenant_id, created_by=actor.label)
    calendar = apply(schedule, facts, at=now)
    acting.check_hand(actor, *_acting(schedule))
    schedule.next_run_at = calendars.next_after(calendar, now)
    _save(schedule)
    reading.settle(schedule, actor=actor)
    _record(ScheduleEvent.CREATED, schedule, actor, changes=between({}, _snapshot(schedule)))
    approving.follow(schedule, actor=actor)
    portraits.tell([schedule.managed_identity_id], tenant_id=tenant_id, actor=actor)
    return schedule


@transaction.atomic
def change_schedule(schedule: Schedule, *, changes: Mapping[str, Any], actor: Actor, reason: str = "") -> Schedule:
    """Write some members anew, for occurrences after the edit: what has come by now runs as it was written before.

    A new expression or zone counts from now; other members leave the rhythm alone. Runs that exist are not touched.
    """
    now = timezone.now()
    concerned = Q(schedules=schedule) | _by_key(schedule.tenant_id, changes.get("workflow_id"))
    held = _hold_identities(schedule, changes.get("managed_identity_id"), *_named_by(concerned))
    _claim_pending(schedule, now)
    locked = _locked(schedule, held)
    before, former, read = _snapshot(locked), _acting(locked), reading.readings_of(locked)
    rhythm, former_identity = (locked.cron_expression, locked.timezone), locked.managed_identity_id
    calendar = apply(locked, facts_of(locked).changed(changes), at=now)
    acting.check_hand(actor, *former, *_acting(locked))
    if rhythm != (locked.cron_expression, locked.timezone):
        _restart(locked, calendar, now)
    found = between(before, _snapshot(locked))
    if found:
        _save(locked, former_identity)
        reading.settle(locked, former=read, actor=actor)
        _record(ScheduleEvent.CHANGED, locked, actor, reason=reason, changes=found)
        approving.follow(locked, actor=actor)
        concerned_identities = {former_identity, locked.managed_identity_id}
        portraits.tell(concerned_identities, tenant_id=locked.tenant_id, actor=actor)
    return locked


@transaction.atomic
def remove_schedule(schedule: Schedule, *, actor: Actor, reason: str = "") -> None:
    """Take a schedule out of use for good. Its runs stay; those that have begun are carried on."""
    locked = _locked(schedule, _hold_identities(schedule, *_named_by(Q(schedules=schedule))))
    acting.check_hand(actor, locked.managed_identity_id)
    locked.deleted_at, locked.is_enabled = timezone.now(), False
    locked.next_run_at = locked.held_run_at = None
    _save(locked)
    reading.end_of(locked, actor=actor)
    _record(ScheduleEvent.REMOVED, locked, actor, reason=reason)
    approving.end(locked, actor=actor)
    portraits.tell([locked.managed_identity_id], tenant_id=locked.tenant_id, actor=actor)


@transaction.atomic
def pause(schedule: Schedule, *, actor: Actor, reason: str = "") -> Schedule:
    """No more firings until `resume`. Pausing what is paused changes nothing."""
    locked = _locked(schedule)
    if not locked.is_enabled:
        return locked
    locked.held_run_at, locked.next_run_at = locked.next_run_at, None
    locked.is_enabled, locked.paused_at = False, timezone.now()
    locked.paused_by, locked.paused_reason = actor.label, reason
    _save(locked)
    _record(ScheduleEvent.PAUSED, locked, actor, reason=reason, changes=_switch(now_enabled=False))
    return locked


@transaction.atomic
def resume(schedule: Schedule, *, actor: Actor, reason: str = "") -> Schedule:
    """Go on from the occurrence at which the pause began: what was missed is left to the misfire policy."""
    locked = _locked(schedule)
    if locked.is_enabled:
        return locked
    locked.next_run_at, locked.held_run_at = locked.held_run_at or _next(locked, timezone.now()), None
    locked.is_enabled, locked.paused_at = True, None
    locked.paused_by = locked.paused_reason = ""
    _save(locked)
    _record(ScheduleEvent.RESUMED, locked, actor, reason=reason, changes=_switch(now_enabled=True))
    return locked


def _acting(schedule: Schedule) -> list[object]:
    """As whom its runs act: its own identity, and those that nodes of its workflow name for themselves."""
    return [schedule.managed_identity_id, *acting.named_by(schedule.workflow.nodes)]


def _hold_identities(schedule: Schedule, *more: object) -> UUID | None:
    """Whoever runs as this identity is locked after it, as retiring it does (`inventory.locks`)."""
    identity_id = Schedule.objects.filter(pk=schedule.pk).values_list("managed_identity_id", flat=True).first()
    acting.hold(identity_id, *more)
    return identity_id


def _named_by(which: Q) -> list[str]:
    """Whom the nodes of these workflows name: what is granted to them is written and ended with the schedule."""
    rows = Workflow.objects.filter(which).values_list("nodes", flat=True)
    return [identity_id for nodes in rows for identity_id in acting.named_by(nodes)]


def _by_key(tenant_id: UUID, key: object) -> Q:
    return Q(tenant_id=tenant_id, key=str(key), deleted_at=None)


def _claim_pending(schedule: Schedule, now: datetime) -> None:
    try:
        firing.claim_pending(schedule.pk, now)
    except (calendars.BadExpression, calendars.BadTimezone):
        # A zone that is gone from the tables must not stand in the way of the edit that gives another.
        return


def _restart(schedule: Schedule, calendar: calendars.Calendar, now: datetime) -> None:
    moment = calendars.next_after(calendar, now)
    if schedule.is_enabled:
        schedule.next_run_at = moment
    else:
        schedule.held_run_at = moment


def _next(schedule: Schedule, at: datetime) -> datetime | None:
    return calendars.next_after(calendars.parse(schedule.cron_expression, schedule.timezone), at)


def _locked(schedule: Schedule, held: UUID | None = None) -> Schedule:
    held = held or _hold_identities(schedule)
    rows = Schedule.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "workflow", "owner", "owner_team"
    )
    found = rows.filter(pk=schedule.pk, deleted_at=None).first()
    if found is None:
        raise Missing("There is no such schedule.")
    if found.managed_identity_id != held:
        raise Conflict("This schedule was changed in the same moment: try again.", code="changed_meanwhile")
    return found


def _save(schedule: Schedule, *former_identities: UUID) -> None:
    try:
        with transaction.atomic():
            schedule.save()
    except IntegrityError:
        raise Invalid({"name": [NAME_TAKEN]}) from None
    cadence.refresh({schedule.managed_identity_id, *former_identities})


def _snapshot(schedule: Schedule) -> dict[str, Any]:
    """What the audit compares; the reference's text form, since it names a secret without being one."""
    values = {name: getattr(schedule, name) for name in SAME}
    return values | {
        "managed_identity_id": str(schedule.managed_identity_id),
        "workflow_id": schedule.workflow.key,
        "owner": schedule.owner.email if schedule.owner else None,
        "owner_team": schedule.owner_team.name if schedule.owner_team else None,
        "next_run_at": schedule.next_run_at.isoformat() if schedule.next_run_at else None,
    }


def _switch(*, now_enabled: bool) -> Changes:
    return between({"is_enabled": not now_enabled}, {"is_enabled": now_enabled})


def _record(
    event: ScheduleEvent,
    schedule: Schedule,
    actor: Actor,
    *,
    reason: str = "",
    changes: Changes | None = None,
) -> None:
    audit.record(event, actor=actor, subject=schedule.subject, reason=reason, changes=changes)
