"""Commands on a case: open it, take the identity over, say no, and let the clock move it on.

Nothing stops while a case is open: schedules run, tokens are minted. The identity is in caretaker state, and each step
has a clock; when it runs out the next is asked, and in the end security holds it without being asked again.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor
from identities.errors import Conflict, DomainError, Invalid, Refused
from identities.events import SuccessionEvent
from identities.inventory import posture, services as inventory
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.inventory.subjects import subject_of
from identities.people.models import User
from identities.succession import chain, clocks, left_behind, telling
from identities.succession.models import CaseState, Step, SuccessionCase

CLOCK = Actor.system("succession")
BY_DEFAULT = "Nobody took it over in time: security holds it."
ELSEWHERE = "It has an owner again."


@transaction.atomic
def open_case(identity: ManagedIdentity, *, actor: Actor, at: datetime) -> SuccessionCase | None:
    """Begin to look for who answers for it next; None where somebody does, or a case is open."""
    locked = inventory.lock(identity)
    if locked.caretaker_since is not None or is_settled(locked):
        return None
    leaver = chain.leaver_of(locked)
    locked.caretaker_since = at
    locked.save(update_fields=["caretaker_since"])
    case = SuccessionCase.objects.create(
        tenant_id=locked.tenant_id,
        identity=locked,
        leaver=leaver,
        leaver_label=leaver.email if leaver else "",
        cause=f"{leaver.email} left" if leaver else f"Nobody is left in {locked.owner_team}",
        opened_at=at,
    )
    _record(SuccessionEvent.OPENED, case, actor, case.cause)
    _ask(case, clocks.ORDER, actor=actor, at=at)
    return case


@transaction.atomic
def take_over(case: SuccessionCase, *, actor: Actor, reason: str = "") -> SuccessionCase:
    """Become its owner: whoever was asked, at this step or before, and security at any time.

    Raises Refused (`not_a_person`, `not_asked`), Conflict `succession_over`.
    """
    locked = _lock(case)
    person = _person(actor, locked.tenant_id)
    if not may_answer(locked, person):
        raise Refused("You were not asked to take this over.", code="not_asked")
    _settle(locked, owner=person, reason=reason.strip() or f"{person.email} took it over", actor=actor)
    return locked


@transaction.atomic
def decline(case: SuccessionCase, *, actor: Actor, reason: str) -> SuccessionCase:
    """Say no. When everybody of a step has, the next is asked at once; the last step cannot be declined away.

    Raises as `take_over`, and Invalid without a reason.
    """
    if not reason.strip():
        raise Invalid({"reason": ["Say why: whoever is asked next will want to know."]})
    locked = _lock(case)
    person = _person(actor, locked.tenant_id)
    now = locked.steps[-1]
    if str(person.pk) not in now["people"]:
        raise Refused("You are not among those who are asked now.", code="not_asked")
    said_no = [*(no for no in now.get("declined", []) if no["id"] != str(person.pk))]
    now["declined"] = [*said_no, {"id": str(person.pk), "label": person.email, "reason": reason.strip()}]
    at = timezone.now()
    telling.done(locked, [person], at=at)
    if len(now["declined"]) >= len(now["people"]) and clocks.after(Step(locked.step)):
        _pass_on(locked, "declined", actor=actor, at=at)
    else:
        locked.save(update_fields=["steps"])
        _record(SuccessionEvent.STEP_PASSED, locked, actor, reason.strip(), step=locked.step, outcome="one declined")
    return locked


def is_settled(identity: ManagedIdentity) -> bool:
    """Does it need nobody: an owner is there, or it is retired?"""
    return left_behind.has_owner_here(identity) or identity.state == State.RETIRED


def may_answer(case: SuccessionCase, person: User) -> bool:
    """Was this person asked, or do they govern?"""
    asked = {key for step in case.steps for key in step["people"]}
    governs = {one.pk for one in chain.people_of(Step.SECURITY, case.identity)}
    return str(person.pk) in asked or person.pk in governs


def tend(at: datetime, *, limit: int = 200) -> int:
    """Open what is missing, settle what has an owner again, and move on what is over its time. Answers how many."""
    moved = sum(open_case(identity, actor=CLOCK, at=at) is not None for identity in left_behind.without_anybody(limit))
    moved += sum(_came_back(identity) for identity in left_behind.owned_again(limit))
    due = SuccessionCase.objects.filter(state=CaseState.OPEN, due_at__lte=at).order_by("due_at")[:limit]
    return moved + sum(_moved_on(case, at) for case in due)


@transaction.atomic
def settle_if_owned(identity: ManagedIdentity, *, actor: Actor) -> None:
    """Somebody named an owner by another way: the case is moot. The caller holds the identity's row."""
    if not is_settled(identity):
        return
    for case in SuccessionCase.objects.select_for_update(no_key=True).filter(identity=identity, state=CaseState.OPEN):
        case.identity = identity
        _close(case, CaseState.MOOT, SuccessionEvent.MOOT, ELSEWHERE, actor)


@transaction.atomic
def _came_back(identity: ManagedIdentity) -> bool:
    """An owner's account works again: nobody edited the register, so no watcher saw it."""
    settle_if_owned(inventory.lock(identity), actor=CLOCK)
    return True


@transaction.atomic
def _moved_on(case: SuccessionCase, at: datetime) -> bool:
    try:
        locked = _lock(case)
    except DomainError:
        return False
    if locked.due_at is None or locked.due_at > at:
        return False
    if is_settled(locked.identity):
        settle_if_owned(locked.identity, actor=CLOCK)
    elif clocks.after(Step(locked.step)):
        _pass_on(locked, "no answer", actor=CLOCK, at=at)
    else:
        _fall_to_security(locked, at)
    return True


def _pass_on(case: SuccessionCase, outcome: str, *, actor: Actor, at: datetime) -> None:
    case.steps[-1] |= {"outcome": outcome, "ended_at": at.isoformat()}
    telling.done(case, None, at=at)
    _record(SuccessionEvent.STEP_PASSED, case, actor, "", step=case.step, outcome=outcome)
    _ask(case, clocks.after(Step(case.step)), actor=actor, at=at)


def _ask(case: SuccessionCase, steps: tuple[Step, ...], *, actor: Actor, at: datetime) -> None:
    """Ask at the first of these steps at which somebody is there; where nobody is at all, look again in a day."""
    for step in steps:
        if people := chain.people_of(step, case.identity):
            case.step, case.due_at = step, clocks.due(step, risk_tier=case.identity.risk_tier, asked_at=at)
            case.steps = [*case.steps, _asked(step, people, at, case.due_at)]
            case.save(update_fields=["step", "steps", "due_at"])
            telling.asked(case, people)
            _record(SuccessionEvent.STEP_ASKED, case, actor, "", step=step, people=[one.email for one in people])
            return
    case.step, case.due_at = Step.SECURITY, at + timedelta(days=1)
    case.steps = case.steps or [_asked(Step.SECURITY, [], at, case.due_at)]
    case.save(update_fields=["step", "steps", "due_at"])


def _asked(step: Step, people: list[User], at: datetime, due_at: datetime) -> dict[str, Any]:
    return {
        "step": step.value,
        "people": [str(one.pk) for one in people],
        "labels": [one.email for one in people],
        "asked_at": at.isoformat(),
        "due_at": due_at.isoformat(),
    }


def _fall_to_security(case: SuccessionCase, at: datetime) -> None:
    heirs = chain.people_of(Step.SECURITY, case.identity)
    if heirs:
        _settle(case, owner=heirs[0], reason=BY_DEFAULT, actor=CLOCK)
    else:
        case.due_at = at + timedelta(days=1)
        case.save(update_fields=["due_at"])


def _settle(case: SuccessionCase, *, owner: User, reason: str, actor: Actor) -> None:
    identity = case.identity
    technical = identity.technical_owner
    place = "technical_owner" if technical is None or not technical.is_active else "business_owner"
    # Closed first: the watcher of owners would call it moot.
    case.steps[-1] |= {"outcome": reason, "ended_at": timezone.now().isoformat()}
    _close(case, CaseState.SETTLED, SuccessionEvent.SETTLED, reason, actor, owner=owner.email)
    inventory.change(identity, facts={place: owner}, actor=actor, reason=reason)


def _close(
    case: SuccessionCase, state: CaseState, event: SuccessionEvent, reason: str, actor: Actor, **details: object
) -> None:
    at = timezone.now()
    case.state, case.settled_at, case.settled_by, case.settled_reason = state, at, actor.label, reason
    case.due_at = None
    case.save(update_fields=["state", "settled_at", "settled_by", "settled_reason", "due_at", "steps"])
    case.identity.caretaker_since = None
    case.identity.save(update_fields=["caretaker_since"])
    posture.mark([case.identity_id])
    telling.done(case, None, at=at)
    _record(event, case, actor, reason, **details)


def _lock(case: SuccessionCase) -> SuccessionCase:
    identity = inventory.lock(case.identity)
    locked = SuccessionCase.objects.select_for_update(no_key=True, of=("self",)).get(pk=case.pk)
    if locked.state != CaseState.OPEN:
        raise Conflict("Somebody answers for it by now.", code="succession_over")
    locked.identity = identity
    return locked


def _person(actor: Actor, tenant_id: object) -> User:
    found = User.objects.filter(pk=actor.id, is_active=True, is_agent=False).first() if actor.is_human else None
    if found is None or found.tenant_id != tenant_id:
        raise Refused("Only a person of its tenant can answer for it.", code="not_a_person")
    return found


def _record(event: SuccessionEvent, case: SuccessionCase, actor: Actor, reason: str, **details: object) -> None:
    facts = {"succession_id": str(case.pk), "cause": case.cause, "leaver": case.leaver_label} | details
    audit.record(event, actor=actor, subject=subject_of(case.identity), reason=reason, details=facts)
