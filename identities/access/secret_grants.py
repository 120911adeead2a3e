"""Who may resolve a secret reference: asked for, granted, refused, extended, ended, each with a reason (S3-30).

Nothing is granted for ever, and nobody decides what they asked for themselves. `settle` keeps the grants of a schedule
in step with what it reads; `check` and `note_read` are asked by whoever reads.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit import changes, services as audit
from audit.actors import Actor, ActorKind
from audit.changes import Changes
from identities.access import secret_readers, secret_spans
from identities.access.models import GrantState, SecretGrant
from identities.access.secret_places import Place
from identities.access.secret_readers import Reader
from identities.access.secret_reading import (
    NOT_GRANTED,
    Reference,
    check,
    is_in_force,
    note_read,
    place_of,
    readers_of,
    references_of,
)
from identities.access.secret_settling import end_all_of, settle
from identities.access.secret_writing import begin, close, facts_of, tell_watchers
from identities.access.subjects import subject_of
from identities.errors import Conflict, Invalid, Refused
from identities.events import SecretGrantEvent
from identities.inventory import locks, posture
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.vaults import services as vaults

__all__ = [
    "NOT_GRANTED",
    "approve",
    "ask",
    "check",
    "end",
    "end_all_of",
    "extend",
    "grant",
    "is_in_force",
    "note_read",
    "readers_of",
    "references_of",
    "refuse",
    "settle",
]


@transaction.atomic
def ask(
    identity: ManagedIdentity,
    reference: Reference,
    *,
    valid_until: datetime,
    reason: str,
    actor: Actor,
    schedule_id: UUID | None = None,
) -> SecretGrant:
    """Ask that `identity`, or one schedule of it, may read `reference`; somebody else decides.

    Raises Invalid (an end that is past or more than a year away, no reason, a reference that no connection serves for
    this identity's environment, a schedule that does not act as it) and Conflict: a retired identity, or a grant of the
    same that stands or is asked for.
    """
    made = _checked(identity, reference, valid_until, reason, schedule_id)
    return begin(made, state=GrantState.ASKED, actor=actor)


@transaction.atomic
def grant(
    identity: ManagedIdentity,
    reference: Reference,
    *,
    valid_until: datetime,
    reason: str,
    actor: Actor,
    schedule_id: UUID | None = None,
) -> SecretGrant:
    """Let it read at once: for who governs the tenant's identities. Raises what `ask` raises, Refused to a machine."""
    _check_hand(actor)
    made = _checked(identity, reference, valid_until, reason, schedule_id)
    return begin(made, state=GrantState.GRANTED, actor=actor)


@transaction.atomic
def approve(which: SecretGrant, *, reason: str, actor: Actor, valid_until: datetime | None = None) -> SecretGrant:
    """Give what was asked for, until then or until another end within a year.

    Raises Refused, code `own_request`, to whoever asked; Conflict where it is decided, or its reader is gone; Invalid
    without a reason, or where the end has passed in the meantime.
    """
    at, why = timezone.now(), _why(reason)
    locked = _asked(which, actor)
    secret_spans.check(valid_until or locked.valid_until, at)
    _check_reader(locked)
    vaults.check_reference(place_of(locked).reference, locked.identity.tenant_id, locked.identity.environment)
    locked.valid_until = valid_until or locked.valid_until
    return _decide(locked, GrantState.GRANTED, SecretGrantEvent.GRANTED, why, actor)


@transaction.atomic
def refuse(which: SecretGrant, *, reason: str, actor: Actor) -> SecretGrant:
    """Say no to what was asked for. Raises as `approve` does."""
    return _decide(_asked(which, actor), GrantState.REFUSED, SecretGrantEvent.REFUSED, _why(reason), actor)


@transaction.atomic
def extend(which: SecretGrant, *, valid_until: datetime, reason: str, actor: Actor) -> SecretGrant:
    """Move the end of a grant in force to a later day, within a year from now. Raises Invalid, Conflict, Refused."""
    _check_hand(actor)
    at, why = timezone.now(), _why(reason)
    locked = _locked(which)
    if not is_in_force(locked, at):
        raise Conflict("This grant is not in force: give a new one.", code="secret_grant_not_in_force")
    if secret_spans.check(valid_until, at) <= locked.valid_until:
        raise Invalid({"valid_until": ["It is not later than the end it has."]})
    moved = changes.between({"valid_until": locked.valid_until}, {"valid_until": valid_until})
    locked.valid_until = valid_until
    locked.save(update_fields=["valid_until"])
    _record(SecretGrantEvent.EXTENDED, locked, actor, why, moved)
    return locked


@transaction.atomic
def end(which: SecretGrant, *, reason: str, actor: Actor) -> SecretGrant:
    """End it now: the next reading is refused. One that is only asked for is withdrawn. The row stays.

    Raises Conflict when it has ended, Invalid without a reason.
    """
    at, why = timezone.now(), _why(reason)
    locked = _locked(which)
    is_open = locked.state == GrantState.ASKED or is_in_force(locked, at)
    if locked.ended_at is not None or not is_open:
        raise Conflict("This grant has ended.", code="secret_grant_ended")
    return close(locked, at=at, reason=why, actor=actor)


def _checked(
    identity: ManagedIdentity, reference: Reference, valid_until: datetime, reason: str, schedule_id: UUID | None
) -> SecretGrant:
    """The row as it would be, with the identity held."""
    at = timezone.now()
    locked = ManagedIdentity.objects.select_for_update(no_key=True).get(pk=identity.pk)
    if locked.state == State.RETIRED:
        raise Conflict(f"Managed identity '{locked.name}' is retired.", code="identity_retired")
    why, place = _why(reason), _place(locked, reference)
    secret_spans.check(valid_until, at)
    reader = None if schedule_id is None else _reader(locked, schedule_id)
    _check_free(locked, place, schedule_id, at)
    return SecretGrant(
        identity=locked,
        **place.columns,
        schedule_id=schedule_id,
        schedule_label=reader.label if reader else "",
        cadence_seconds=reader.cadence_seconds if reader else None,
        reason=why,
        asked_at=at,
        valid_until=valid_until,
    )


def _place(identity: ManagedIdentity, reference: Reference) -> Place:
    try:
        place = Place.of(reference)
        vaults.check_reference(place.reference, identity.tenant_id, identity.environment)
    except Invalid as error:
        found = error.errors or {"vault_uri": [error.message]}
        raise Invalid({_under(member): said for member, said in found.items()}, code=error.code) from None
    return place


def _under(member: str) -> str:
    return member if member == "secret_reference" else f"secret_reference.{member}"


def _reader(identity: ManagedIdentity, schedule_id: UUID) -> Reader:
    found = secret_readers.find(schedule_id, {identity.tenant_id})
    if found is None:
        raise Invalid({"schedule_id": ["There is no such schedule."]})
    if identity.pk not in found.identity_ids:
        raise Invalid({"schedule_id": [f"The schedule '{found.label}' does not act as '{identity.name}'."]})
    return found


def _check_reader(which: SecretGrant) -> None:
    if which.identity.state == State.RETIRED:
        raise Conflict(f"Managed identity '{which.identity.name}' is retired.", code="identity_retired")
    if which.schedule_id is None:
        return
    found = secret_readers.find(which.schedule_id, {which.identity.tenant_id})
    if found is None or which.identity_id not in found.identity_ids:
        raise Conflict("The schedule is gone, or acts as another now: refuse this.", code="secret_grant_without_reader")


def _check_free(identity: ManagedIdentity, place: Place, schedule_id: UUID | None, at: datetime) -> None:
    same = SecretGrant.objects.filter(identity=identity, schedule_id=schedule_id, **place.columns)
    standing = same.effective(at).first()
    if standing is not None:
        until = standing.valid_until.isoformat()
        raise Conflict(f"This is granted until {until}: extend that.", code="secret_grant_stands")
    if same.asked().exists():
        raise Conflict("This is asked for and waits for a decision.", code="secret_grant_asked")


def _check_hand(actor: Actor) -> None:
    if actor.kind == ActorKind.IDENTITY:
        raise Refused("A managed identity lets nobody read secrets.", code="not_a_person")


def _why(reason: str) -> str:
    why = reason.strip()
    if not why or len(why) > 500:
        raise Invalid({"reason": ["Say why, in 1 to 500 characters."]})
    return why


def _locked(which: SecretGrant) -> SecretGrant:
    locks.hold([which.identity_id])
    rows = SecretGrant.objects.select_for_update(no_key=True, of=("self",)).select_related("identity")
    return rows.get(pk=which.pk)


def _asked(which: SecretGrant, actor: Actor) -> SecretGrant:
    _check_hand(actor)
    locked = _locked(which)
    if locked.state != GrantState.ASKED or locked.ended_at is not None:
        raise Conflict("This is decided.", code="secret_grant_decided")
    if actor.id and actor.id == locked.asked_by_id:
        raise Refused("Somebody else decides what you asked for.", code="own_request")
    return locked


def _decide(locked: SecretGrant, state: GrantState, event: SecretGrantEvent, reason: str, actor: Actor) -> SecretGrant:
    locked.state, locked.decided_by, locked.decided_at = state, actor.label, timezone.now()
    locked.decided_reason = reason
    locked.save(update_fields=["state", "decided_by", "decided_at", "decided_reason", "valid_until"])
    _record(event, locked, actor, reason, changes.between({"state": GrantState.ASKED.value}, {"state": state.value}))
    if state == GrantState.GRANTED:
        tell_watchers(locked, actor)
    return locked


def _record(event: SecretGrantEvent, which: SecretGrant, actor: Actor, reason: str, moved: Changes) -> None:
    posture.mark([which.identity_id])
    audit.record(event, actor=actor, subject=subject_of(which), reason=reason, changes=moved, details=facts_of(which))
