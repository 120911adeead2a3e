"""Undo: what a review took away comes back with one click, for 72 hours; what was decided stays written."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor
from identities.errors import Conflict, Invalid, Refused
from identities.events import ReviewEvent
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.lifecycle import pausing, services as lifecycle
from identities.lifecycle.giving_back import give_back
from identities.people.models import PortalRole, User
from identities.recertification import asking_again, deciding
from identities.recertification.models import ItemState, RemediationState, ReviewItem
from identities.recertification.subjects import details_of, subject_of_item

GIVEN_BACK = "Given back: the review was undone"


@transaction.atomic
def undo(item: ReviewItem, *, reason: str, actor: Actor) -> ReviewItem:
    """Give back what the answer, or its absence, took away: the state of before, and bindings to their old ends.

    The item keeps its answer, marked as undone, and the identity is asked about again in the standing campaign: it
    counts as not certified until then. By the item's reviewer or an ADMIN of the tenant; what a person answered not by
    one whose own it is. Raises Invalid without a reason, Refused (`not_a_person`, `not_yours`, and as
    `deciding.check`), Conflict: `undo_over` after 72 h, `already_undone`,
    `nothing_to_undo`, `wrong_state` where it is quarantined or retired, `changed_since` where somebody else has
    disabled it since.
    """
    if not reason.strip():
        raise Invalid({"reason": ["Say why."]})
    identity, locked = _lock(item)
    _check_hand(locked, actor)
    if locked.state == ItemState.DECIDED:
        deciding.check_undo(locked, identity, actor=actor)
    at = timezone.now()
    _check(locked, identity, at)
    said = _give_back(locked, identity, reason=reason.strip(), actor=actor)
    _write(locked, said, reason=reason.strip(), at=at, actor=actor)
    asking_again.ask(inventory.lock(identity), parts=(), at=at, actor=actor)
    return locked


def _lock(item: ReviewItem) -> tuple[ManagedIdentity, ReviewItem]:
    identity = inventory.lock(item.identity)
    rows = ReviewItem.objects.select_for_update(no_key=True, of=("self",)).select_related("campaign")
    locked = rows.get(pk=item.pk)
    locked.identity = identity
    return identity, locked


def _check_hand(item: ReviewItem, actor: Actor) -> None:
    if not actor.is_human:
        raise Refused("Only a person undoes a review.", code="not_a_person")
    person = User.objects.filter(pk=actor.id, is_active=True, is_agent=False).first()
    if person is not None and (person.pk == item.reviewer_id or person.is_platform_admin):
        return
    if person is None or person.role != PortalRole.ADMIN or person.tenant_id != item.identity.tenant_id:
        raise Refused("The reviewer of the item, or an ADMIN, undoes it.", code="not_yours")


def _check(item: ReviewItem, identity: ManagedIdentity, at: datetime) -> None:
    if item.remediation_state == RemediationState.UNDONE:
        raise Conflict("This was undone already.", code="already_undone")
    if item.remediation_state != RemediationState.DONE or item.undo_until is None:
        raise Conflict("Nothing was taken away that could be given back.", code="nothing_to_undo")
    if at > item.undo_until:
        raise Conflict(f"It could be undone until {item.undo_until:%d %b %Y, %H:%M} UTC.", code="undo_over")
    if identity.state in (State.QUARANTINED, State.RETIRED):
        raise Conflict(f"Managed identity '{identity.name}' is {identity.state}.", code="wrong_state")
    if _is_disabled_by_it(item) and identity.state == State.DISABLED and not _is_untouched(item, identity):
        raise Conflict(f"Managed identity '{identity.name}' was disabled again since.", code="changed_since")


def _is_disabled_by_it(item: ReviewItem) -> bool:
    return "previous_state" in item.remediation


def _is_untouched(item: ReviewItem, identity: ManagedIdentity) -> bool:
    kept = item.remediation.get("state_changed_at")
    return kept is None or datetime.fromisoformat(kept) == identity.state_changed_at


def _give_back(item: ReviewItem, identity: ManagedIdentity, *, reason: str, actor: Actor) -> str:
    said = []
    if _is_disabled_by_it(item) and identity.state == State.DISABLED:
        said.append(_let_work(item, identity, reason=reason, actor=actor))
    ended: list[str | UUID] = list(item.remediation.get("bindings_ended", ()))
    if ended:
        given = give_back(identity, ended, why=GIVEN_BACK, actor=actor)
        said.append(f"{given} of {len(ended)} roles were given back.")
    return " ".join(filter(None, said)) or "Nothing was left to give back."


def _let_work(item: ReviewItem, identity: ManagedIdentity, *, reason: str, actor: Actor) -> str:
    """The state of before; a pause goes on to its planned end, and is over where that has passed."""
    before = item.remediation["previous_state"]
    if before not in (State.ACTIVE, State.PAUSED):
        return ""
    enabled = lifecycle.enable(identity, reason=reason, actor=actor)
    until = item.remediation.get("paused_until")
    ends = datetime.fromisoformat(until) if until else None
    if before == State.PAUSED and (ends is None or ends > timezone.now()):
        pausing.pause(enabled, reason=reason, actor=actor, until=ends)
        return "It is paused as before."
    return "It works again."


def _write(item: ReviewItem, said: str, *, reason: str, at: datetime, actor: Actor) -> None:
    item.remediation_state = RemediationState.UNDONE
    item.remediation = {**item.remediation, "undone": {"at": at.isoformat(), "by": actor.label, "text": said}}
    item.save(update_fields=["remediation_state", "remediation"])
    answer = item.decisions.filter(undone_at=None).order_by("-at", "-pk").first()
    if answer is not None:
        answer.undone_at, answer.undone_by, answer.undone_reason = at, actor.label, reason
        answer.save(update_fields=["undone_at", "undone_by", "undone_reason"])
    audit.record(
        ReviewEvent.UNDONE,
        actor=actor,
        subject=subject_of_item(item),
        reason=reason,
        details={**details_of(item), "text": said, "decision": item.decision},
    )
