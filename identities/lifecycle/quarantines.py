"""Quarantine: one action that stops an identity everywhere here, keeps the evidence, and says what is left to do."""

import time
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor, ActorKind
from identities.access import services as access
from identities.access.models import RoleBinding
from identities.errors import Conflict, Invalid
from identities.events import QuarantineEvent
from identities.inventory import answering, services as inventory
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State, may_become
from identities.inventory.subjects import subject_of
from identities.inventory.vocabulary import Issuance
from identities.lifecycle import freezing, reach, runbook, timekeeping
from identities.lifecycle.effects.base import Change, run_effects
from identities.lifecycle.models import Cause, Quarantine, QuarantineLine
from identities.lifecycle.releases import ask, release, release_or_ask
from identities.people import notices
from identities.people.selectors import active_admins
from identities.tokens import services as tokens
from identities.tokens.models import IssuedToken

__all__ = ["ask", "is_automatic", "quarantine", "release", "release_or_ask"]

AUTOMATIC = frozenset({Cause.LEAK.value, Cause.DETECTION.value})
#: So many identities of a tenant may machines stop within an hour; past it, a person decides.
MOST_AN_HOUR = 20
HOUR = timedelta(hours=1)
ENDED = "Quarantined: it is issued elsewhere"
OVERTAKEN = "The drill became an incident"


def quarantine(
    identity: ManagedIdentity,
    *,
    reason: str,
    actor: Actor,
    cause: Cause = Cause.PERSON,
    release_at: datetime | None = None,
) -> Quarantine:
    """Stop `identity` now: no token, no secret's use, no call, no run; its schedules are paused.

    One transaction, all of it or nothing: what was known is frozen first, and what is left to do is written down as
    the lines of a runbook. Secrets are kept, and useless until the release. An identity that is issued
    elsewhere (`external`) loses its bindings, and is contained here but not there until the required lines are done.
    A drill that is under way becomes the incident. Raises Invalid without a reason, Conflict `already_quarantined`,
    `wrong_state` (retired, or never active), or `quarantine_limit` where machines have called too many in an hour.
    """
    began, called_at = time.monotonic(), timezone.now()
    if not reason.strip():
        raise Invalid({"reason": ["Say why."]})
    automatic = is_automatic(actor, cause)
    if automatic:
        _check_limit(identity, called_at)
    row = Quarantine(
        tenant_id=identity.tenant_id,
        identity_id=identity.pk,
        cause=cause,
        reason=reason.strip(),
        called_at=called_at,
        called_by=actor.label,
        release_at=release_at,
        effects={"automatic": automatic},
    )
    return _carry_out(row, began, actor=actor)


def is_automatic(actor: Actor, cause: str) -> bool:
    """Did a machine decide it? Somebody at the console is none."""
    is_machine = actor.kind in (ActorKind.IDENTITY, ActorKind.SERVICE_USER)
    return is_machine or (cause in AUTOMATIC and not actor.is_human)


@transaction.atomic
def _carry_out(row: Quarantine, began: float, *, actor: Actor) -> Quarantine:
    identity = row.identity = inventory.lock(row.identity)
    drill = _check(identity, row.cause)
    row.previous_state = drill.previous_state if drill else identity.state
    row.effects |= {"tier": identity.risk_tier, "bindings_ended": drill.effects["bindings_ended"] if drill else []}
    row.evidence = freezing.bundle(row)
    row.evidence_digest = freezing.digest(row.evidence)
    row.residual_until = _residual(identity, row.called_at)
    known = reach.known(row)
    if drill is not None:
        _overtake(drill, actor=actor)
    _stop(row, actor=actor)
    row.save(force_insert=True)
    is_complete = not _write_lines(row, runbook.lines(known))
    details = {"quarantine_id": str(row.pk), "cause": str(row.cause), "evidence_sha256": row.evidence_digest}
    audit.record(QuarantineEvent.CALLED, actor=actor, subject=subject_of(identity), reason=row.reason, details=details)
    timekeeping.note_contained(row, seconds=time.monotonic() - began, is_complete=is_complete, actor=actor)
    _tell(row)
    return row


def _check_limit(identity: ManagedIdentity, at: datetime) -> None:
    """Quarantine is a weapon too: who can make a machine cry wolf must not be able to stop an estate with it."""
    called = Quarantine.objects.filter(tenant_id=identity.tenant_id, called_at__gt=at - HOUR, effects__automatic=True)
    if called.count() < MOST_AN_HOUR:
        return
    said = f"Machines have quarantined {MOST_AN_HOUR} identities within an hour: a person has to decide on"
    notices.tell(
        active_admins(identity.tenant_id),
        tenant_id=identity.tenant_id,
        kind="quarantine_limit",
        key=f"quarantine_limit:{identity.pk}:{at:%Y-%m-%dT%H}",
        subject=f"{said} {identity.name}",
        about=subject_of(identity),
    )
    raise Conflict(f"{said} '{identity.name}'.", code="quarantine_limit")


def _check(identity: ManagedIdentity, cause: str) -> Quarantine | None:
    """The drill that this call turns into an incident, if there is one; Conflict where there is nothing to stop."""
    standing = Quarantine.objects.select_for_update(no_key=True, of=("self",)).filter(identity=identity, closed_at=None)
    found = standing.first()
    if found is not None and found.is_drill and cause != Cause.DRILL:
        return found
    if found is not None or identity.state == State.QUARANTINED:
        raise Conflict(f"Managed identity '{identity.name}' is quarantined already.", code="already_quarantined")
    if not may_become(State(identity.state), State.QUARANTINED):
        raise Conflict(f"Managed identity '{identity.name}' is {identity.state}.", code="wrong_state")
    return None


def _overtake(drill: Quarantine, *, actor: Actor) -> None:
    at = timezone.now()
    drill.closed_at, drill.release_at, drill.release_reason = at, None, OVERTAKEN
    drill.save(update_fields=["closed_at", "release_at", "release_reason"])
    details = {"quarantine_id": str(drill.pk)}
    audit.record(
        QuarantineEvent.RELEASED, actor=actor, subject=subject_of(drill.identity), reason=OVERTAKEN, details=details
    )


def _stop(row: Quarantine, *, actor: Actor) -> None:
    """The stop itself; what rooms above have to stop is theirs to say (`effects`)."""
    identity = row.identity
    if identity.state != State.QUARANTINED:
        identity = inventory.set_state(identity, target=State.QUARANTINED, reason=row.reason, actor=actor)
    tokens.kill_tokens(identity, actor=actor, reason=row.reason)
    if identity.issuance == Issuance.EXTERNAL:
        _end_bindings(row, actor=actor)
    row.identity = identity
    row.effects["said"] = run_effects(identity, change=Change.QUARANTINED, reason=row.reason, actor=actor)


def _end_bindings(row: Quarantine, *, actor: Actor) -> None:
    standing = list(RoleBinding.objects.standing(timezone.now()).filter(identity_id=row.identity_id))
    access.end_bindings_of(row.identity, reason=ENDED, actor=actor)
    row.effects["bindings_ended"] = [*row.effects["bindings_ended"], *(str(binding.pk) for binding in standing)]


def _residual(identity: ManagedIdentity, at: datetime) -> datetime | None:
    """When the last token ends that somebody may still hold: who verifies offline knows of no stop before it."""
    held = IssuedToken.objects.filter(identity=identity, expires_at__gt=at)
    last: datetime | None = held.aggregate(last=Max("expires_at"))["last"]
    return last


def _write_lines(row: Quarantine, lines: list[runbook.Line]) -> int:
    """Each line with a person and a clock; answers how many are required."""
    first = next(iter(answering.answer_for(row.identity)), None)
    due = runbook.due_at(row.effects["tier"], row.called_at)
    QuarantineLine.objects.bulk_create(
        QuarantineLine(
            quarantine=row,
            position=place,
            kind=line.kind,
            text=line.text,
            about=line.about,
            is_required=line.is_required,
            assignee=first,
            due_at=due,
        )
        for place, line in enumerate(lines, 1)
    )
    return sum(line.is_required for line in lines)


def _tell(row: Quarantine) -> None:
    word = "A drill stopped" if row.is_drill else "Quarantined:"
    notices.tell(
        answering.answer_for(row.identity),
        tenant_id=row.tenant_id,
        kind="quarantine",
        key=f"quarantine:{row.pk}",
        subject=f"{word} {row.identity.name}",
        text=f"{row.reason}\nCalled by {row.called_by}.",
        about=subject_of(row.identity),
    )
