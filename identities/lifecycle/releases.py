"""Release: the end of a quarantine. It undoes what may be undone; where much is at stake, two people decide."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor
from identities.approvals import four_eyes
from identities.errors import Conflict, Invalid, Refused
from identities.events import IdentityEvent, QuarantineEvent
from identities.inventory import services as inventory
from identities.inventory.states import State
from identities.inventory.subjects import subject_of
from identities.inventory.vocabulary import RiskTier
from identities.lifecycle.effects.base import Change, run_effects
from identities.lifecycle.giving_back import give_back
from identities.lifecycle.models import Quarantine
from identities.people.models import PortalRole, User
from identities.tokens import services as tokens

#: What the first person said counts for so long.
ASKED_FOR = timedelta(hours=24)
GIVEN_BACK = "Given back with the release"


@transaction.atomic
def release(row: Quarantine, *, reason: str, actor: Actor) -> Quarantine:
    """End the incident: back is the state of before (one disabled before stays disabled), and what it took away.

    Tokens stay dead. Only a person releases, a drill alone ends by itself. An identity of high tier, at the call or
    now, needs two: one asks (`ask`), another releases. Raises Invalid without a reason, Refused (`not_a_person`,
    `second_person_needed`), Conflict (`quarantine_closed`).
    """
    locked = _lock(row, reason)
    _check_hand(locked, actor)
    if needs_two(locked):
        _check_second(locked, actor, timezone.now())
    return _undo(locked, reason=reason.strip(), actor=actor)


@transaction.atomic
def ask(row: Quarantine, *, reason: str, actor: Actor) -> Quarantine:
    """The first of the two people whom a high tier needs; the word of a later one takes its place.

    Raises as `release`, and Conflict `one_is_enough` where nobody else is needed.
    """
    locked = _lock(row, reason)
    _check_hand(locked, actor)
    if not needs_two(locked):
        raise Conflict("One person is enough to release it.", code="one_is_enough")
    locked.release_asked_by, locked.release_asked_by_id = actor.label, actor.id
    locked.release_asked_at, locked.release_reason = timezone.now(), reason.strip()
    locked.save(update_fields=["release_asked_by", "release_asked_by_id", "release_asked_at", "release_reason"])
    _record(locked, QuarantineEvent.RELEASE_ASKED, reason, actor)
    return locked


def release_or_ask(row: Quarantine, *, reason: str, actor: Actor) -> Quarantine:
    """What one button does: release where this person may, else be the first of the two."""
    now = Quarantine.objects.select_related("identity").get(pk=row.pk)
    if now.closed_at is None and needs_two(now) and not is_asked(now, timezone.now(), other_than=actor):
        return ask(now, reason=reason, actor=actor)
    return release(now, reason=reason, actor=actor)


def let_drill_end(row: Quarantine, *, actor: Actor, reason: str) -> Quarantine:
    """A drill ends as it was planned to; Conflict where it has become something else."""
    with transaction.atomic():
        locked = _lock(row, reason)
        if not locked.is_drill or locked.release_at is None:
            raise Conflict("This is no drill.", code="not_a_drill")
        return _undo(locked, reason=reason, actor=actor)


def needs_two(row: Quarantine) -> bool:
    """Are two people needed? Lowering the tier in between changes nothing, raising it does."""
    return not row.is_drill and RiskTier.HIGH in (row.effects.get("tier"), row.identity.risk_tier)


def is_asked(row: Quarantine, at: datetime, *, other_than: Actor) -> bool:
    """Has somebody else asked, whose word still counts? He is active, governs, was there before, asked within a day."""
    if not row.release_asked_by_id or row.release_asked_by_id == other_than.id or row.release_asked_at is None:
        return False
    able = User.objects.filter(is_active=True, role=PortalRole.ADMIN, is_agent=False, created_at__lte=row.called_at)
    return at - row.release_asked_at < ASKED_FOR and able.filter(pk=row.release_asked_by_id).exists()


def _lock(row: Quarantine, reason: str) -> Quarantine:
    if not reason.strip():
        raise Invalid({"reason": ["Say why."]})
    identity = inventory.lock(row.identity)
    locked = Quarantine.objects.select_for_update(no_key=True, of=("self",)).get(pk=row.pk)
    if locked.closed_at is not None:
        raise Conflict("This quarantine is over.", code="quarantine_closed")
    locked.identity = identity
    return locked


def _check_hand(row: Quarantine, actor: Actor) -> None:
    if not actor.is_human:
        raise Refused("Only a person ends a quarantine.", code="not_a_person")


def _check_second(row: Quarantine, actor: Actor, at: datetime) -> None:
    if not is_asked(row, at, other_than=actor):
        raise Refused(
            "It is of high tier: one person asks for its release, and another one releases it.",
            code="second_person_needed",
        )
    # Whoever makes accounts, gives roles or sets passwords could be both: such an account is no second person.
    second = User.objects.filter(pk=actor.id).first()
    asker = {row.release_asked_by_id}
    why = four_eyes.refusal(second, involved=asker, since=row.called_at) if second else "There is no such account."
    if why:
        raise Refused(why, code="second_person_needed")


def _undo(row: Quarantine, *, reason: str, actor: Actor) -> Quarantine:
    if row.identity.state == State.QUARANTINED:
        row.effects["undone"] = _restore(row, reason=reason, actor=actor)
    at = timezone.now()
    row.released_at, row.released_by, row.release_reason = at, actor.label, reason
    row.closed_at, row.release_at = at, None
    row.save(update_fields=["effects", "released_at", "released_by", "release_reason", "closed_at", "release_at"])
    _record(row, QuarantineEvent.RELEASED, reason, actor)
    return row


def _restore(row: Quarantine, *, reason: str, actor: Actor) -> dict[str, str]:
    """The state of before: a plain pause does not outlive an incident, what was paused is disabled now."""
    # Again, so that none minted in the instant of the stop lives on after it.
    tokens.kill_tokens(row.identity, actor=actor, reason=reason)
    target = State.ACTIVE if row.previous_state == State.ACTIVE else State.DISABLED
    row.identity = inventory.set_state(
        row.identity, target=target, reason=reason, actor=actor, event=IdentityEvent.RELEASED
    )
    ended = row.effects.get("bindings_ended", [])
    given = give_back(row.identity, ended, why=GIVEN_BACK, actor=actor)
    said = run_effects(row.identity, change=Change.RELEASED, reason=reason, actor=actor)
    return said | ({"bindings": f"{given} role bindings given back"} if given else {})


def _record(row: Quarantine, event: QuarantineEvent, reason: str, actor: Actor) -> None:
    audit.record(
        event,
        actor=actor,
        subject=subject_of(row.identity),
        reason=reason.strip(),
        details={"quarantine_id": str(row.pk), "cause": row.cause},
    )
