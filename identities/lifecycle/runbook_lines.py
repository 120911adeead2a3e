"""The runbook, worked through: a line is done, or given to somebody; the last required one completes the stop."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit import changes, services as audit
from audit.actors import Actor
from identities.errors import Conflict, Invalid
from identities.events import QuarantineEvent
from identities.inventory import services as inventory
from identities.inventory.subjects import subject_of
from identities.lifecycle import timekeeping
from identities.lifecycle.models import Quarantine, QuarantineLine
from identities.people.models import User


@transaction.atomic
def done(line: QuarantineLine, *, actor: Actor, note: str = "") -> QuarantineLine:
    """Tick a line, with what was seen. Raises Conflict for one that is done or whose quarantine is over."""
    locked, row = _lock(line)
    if locked.done_at is not None:
        raise Conflict("This line is done.", code="line_done")
    locked.done_at, locked.done_by, locked.note = timezone.now(), actor.label, note.strip()
    locked.save(update_fields=["done_at", "done_by", "note"])
    _record(locked, row, QuarantineEvent.LINE_DONE, actor, reason=locked.note)
    is_open = row.lines.filter(is_required=True, done_at=None).exists()
    if locked.is_required and not is_open and row.complete_at is None:
        timekeeping.note_complete(row, seconds=(locked.done_at - row.called_at).total_seconds(), actor=actor)
    return locked


@transaction.atomic
def assign(line: QuarantineLine, *, person: User, actor: Actor) -> QuarantineLine:
    """Give a line to somebody of the tenant. Raises Invalid for one who cannot do it, Conflict as `done`."""
    locked, row = _lock(line)
    if locked.done_at is not None:
        raise Conflict("This line is done.", code="line_done")
    if person.tenant_id != row.tenant_id:
        raise Invalid({"assignee": ["There is no such person."]})
    if not person.is_active or person.is_agent:
        raise Invalid({"assignee": ["This account can do nothing."]})
    before = locked.assignee.email if locked.assignee else None
    locked.assignee = person
    locked.save(update_fields=["assignee"])
    found = changes.between({"assignee": before}, {"assignee": person.email})
    _record(locked, row, QuarantineEvent.LINE_CHANGED, actor, found=found)
    return locked


def done_about(identity_id: UUID, member: str, value: str, *, actor: Actor, note: str) -> int:
    """Tick what a command elsewhere has just done: open lines whose `about` says so. Answers how many."""
    rows = QuarantineLine.objects.filter(
        quarantine__identity_id=identity_id, quarantine__closed_at=None, done_at=None, **{f"about__{member}": value}
    )
    lines = list(rows)
    for line in lines:
        done(line, actor=actor, note=note)
    return len(lines)


def _lock(line: QuarantineLine) -> tuple[QuarantineLine, Quarantine]:
    identity = inventory.lock(line.quarantine.identity)
    row = Quarantine.objects.select_for_update(no_key=True, of=("self",)).get(pk=line.quarantine_id)
    if row.closed_at is not None:
        raise Conflict("This quarantine is over.", code="quarantine_closed")
    row.identity = identity
    locked = QuarantineLine.objects.select_related("assignee").get(pk=line.pk)
    locked.quarantine = row
    return locked, row


def _record(
    line: QuarantineLine,
    row: Quarantine,
    event: QuarantineEvent,
    actor: Actor,
    *,
    reason: str = "",
    found: changes.Changes | None = None,
) -> None:
    audit.record(
        event,
        actor=actor,
        subject=subject_of(row.identity),
        reason=reason,
        changes=found,
        details={"quarantine_id": str(row.pk), "line": line.position, "kind": line.kind, "text": line.text},
    )
