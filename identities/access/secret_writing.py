"""The two ends of a grant as rows and records: how one begins, and how it is over."""

from datetime import datetime

from audit import changes, services as audit
from audit.actors import Actor
from identities.access.models import GrantState, SecretGrant
from identities.access.secret_reading import place_of
from identities.access.subjects import subject_of
from identities.events import SecretGrantEvent
from identities.inventory import posture
from identities.inventory.watchers.base import run_watchers

_EVENTS = {GrantState.ASKED: SecretGrantEvent.ASKED, GrantState.GRANTED: SecretGrantEvent.GRANTED}


def begin(made: SecretGrant, *, state: GrantState, actor: Actor) -> SecretGrant:
    """Keep a grant that was checked, as asked for or as given, with its record. Inside the caller's transaction."""
    made.state, made.asked_by, made.asked_by_id = state, actor.label, actor.id
    if state == GrantState.GRANTED:
        made.decided_by, made.decided_at = actor.label, made.asked_at
    made.save(force_insert=True)
    audit.record(
        _EVENTS[state],
        actor=actor,
        subject=subject_of(made),
        reason=made.reason,
        details=facts_of(made) | {"valid_until": made.valid_until.isoformat()},
    )
    if state == GrantState.GRANTED:
        tell_watchers(made, actor)
    return made


def close(locked: SecretGrant, *, at: datetime, reason: str, actor: Actor, is_superseded: bool = False) -> SecretGrant:
    """End a grant whose row is held, with its record. `is_superseded`: runs that were made before may still read."""
    locked.ended_at, locked.ended_reason, locked.ended_by = at, reason[:500], actor.label
    locked.is_superseded = is_superseded
    locked.save(update_fields=["ended_at", "ended_reason", "ended_by", "is_superseded"])
    posture.mark([locked.identity_id])
    audit.record(
        SecretGrantEvent.ENDED,
        actor=actor,
        subject=subject_of(locked),
        reason=reason,
        changes=changes.made({"ended_at": at.isoformat()}),
        details=facts_of(locked),
    )
    if locked.state == GrantState.GRANTED:
        tell_watchers(locked, actor)
    return locked


def tell_watchers(which: SecretGrant, actor: Actor) -> None:
    """What its identity may read has changed."""
    run_watchers(which.identity, part="secret_references", actor=actor)


def facts_of(which: SecretGrant) -> dict[str, object]:
    """What the record says of a grant: who may read what, never what is there."""
    return {
        "identity_id": str(which.identity_id),
        "client_id": which.identity.client_id,
        "reference": place_of(which).reference.as_json(),
        **({"schedule_id": str(which.schedule_id), "schedule": which.schedule_label} if which.schedule_id else {}),
    }
