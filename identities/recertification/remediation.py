"""Carrying a decision out: bindings end, an identity is disabled; what came of it is kept with what undoing needs."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor
from identities.access import services as access
from identities.access.models import RoleBinding
from identities.errors import Conflict, DomainError
from identities.events import ReviewEvent
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State, may_become
from identities.lifecycle import services as lifecycle
from identities.recertification.models import Decision, ItemState, RemediationState, ReviewItem
from identities.recertification.subjects import details_of, subject_of_item

#: So long one click takes it back.
UNDO = timedelta(hours=72)
#: So long it is tried again where something stands in the way.
GIVEN_UP_AFTER = timedelta(days=30)
AT_ONCE = 50
WAITS = "It is quarantined: it is carried out once it is released."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done: its state, a sentence, and what undoing needs: `previous_state`, `bindings_ended`."""

    state: RemediationState
    text: str
    kept: dict[str, Any] = field(default_factory=dict)


def carry_out(item: ReviewItem, *, actor: Actor) -> ReviewItem:
    """Do what was decided about `item`, and keep on it what came of it.

    In the caller's transaction, which holds the identity's row and the item's. What cannot be done now stays PENDING
    and is tried again; it never takes the decision back.
    """
    if item.decision in (Decision.REVOKE, Decision.REDUCE):
        keep(item, str(item.decision), _outcome(item, actor=actor), at=timezone.now(), actor=actor)
    return item


def disable(identity: ManagedIdentity, *, reason: str, actor: Actor) -> Outcome:
    """Stop it at once; its bindings and secrets stay for the day it is enabled. Raises Conflict in quarantine."""
    state, paused_until = State(identity.state), identity.paused_until
    if state == State.QUARANTINED:
        raise Conflict(WAITS, code="wrong_state")
    if not may_become(state, State.DISABLED):
        return Outcome(RemediationState.DONE, f"It was {state} already.")
    moved = lifecycle.disable(identity, reason=reason, actor=actor)
    kept = {"previous_state": state.value, "state_changed_at": moved.state_changed_at.isoformat()}
    if paused_until is not None:
        kept["paused_until"] = paused_until.isoformat()
    return Outcome(RemediationState.DONE, "It was disabled.", kept)


def reduce(identity: ManagedIdentity, binding_ids: Collection[UUID], *, reason: str, actor: Actor) -> Outcome:
    """End those of these bindings that still stand."""
    rows = RoleBinding.objects.standing(timezone.now()).filter(identity=identity, pk__in=list(binding_ids))
    ended = [access.end_binding(row, actor=actor, reason=reason) for row in rows.select_related("role").order_by("pk")]
    if not ended:
        return Outcome(RemediationState.DONE, "They had ended already.")
    names = sorted(row.role.name for row in ended)
    one = "1 role was" if len(ended) == 1 else f"{len(ended)} roles were"
    kept = {"bindings_ended": [str(row.pk) for row in ended], "roles": names}
    return Outcome(RemediationState.DONE, f"{one} ended: {', '.join(names)}.", kept)


def revoke(identity: ManagedIdentity, *, reason: str, actor: Actor) -> Outcome:
    """Disable it and end every binding: nothing works, and nothing works again unless somebody decides so."""
    stopped = disable(identity, reason=reason, actor=actor)
    standing = RoleBinding.objects.standing(timezone.now()).filter(identity=identity)
    ended = reduce(identity, list(standing.values_list("pk", flat=True)), reason=reason, actor=actor)
    text = f"{stopped.text} {ended.text}" if ended.kept else stopped.text
    return Outcome(RemediationState.DONE, text, {**stopped.kept, **ended.kept})


def keep(item: ReviewItem, action: str, outcome: Outcome, *, at: datetime, actor: Actor) -> None:
    """Keep what came of it on the item, and record it on the identity's timeline."""
    is_done, took = outcome.state == RemediationState.DONE, bool(outcome.kept)
    item.remediation_state = outcome.state
    item.remediation = {**item.remediation, "action": action, "text": outcome.text, **outcome.kept}
    item.remediated_at = at if is_done else None
    item.undo_until = at + UNDO if is_done and took else None
    item.save(update_fields=["remediation_state", "remediation", "remediated_at", "undo_until"])
    audit.record(
        ReviewEvent.REMEDIATED if is_done else ReviewEvent.REMEDIATION_FAILED,
        actor=actor,
        subject=subject_of_item(item),
        reason=outcome.text,
        details={**details_of(item), "action": action, "state": str(outcome.state)},
    )


def retry_due(at: datetime) -> int:
    """Try again what was decided and could not be carried out; after thirty days it has failed for good.

    Says how many moved on. One that is still quarantined is left alone until then.
    """
    rows = ReviewItem.objects.filter(remediation_state=RemediationState.PENDING, state=ItemState.DECIDED)
    rows = rows.exclude(identity__state=State.QUARANTINED, decided_at__gte=at - GIVEN_UP_AFTER)
    return sum(_retry(pk, at) for pk in list(rows.order_by("decided_at", "pk").values_list("pk", flat=True)[:AT_ONCE]))


@transaction.atomic
def _retry(item_id: UUID, at: datetime) -> bool:
    identity = inventory.lock(ReviewItem.objects.select_related("identity").get(pk=item_id).identity)
    rows = ReviewItem.objects.select_for_update(no_key=True, of=("self",)).select_related("campaign")
    item = rows.filter(pk=item_id, remediation_state=RemediationState.PENDING).first()
    if item is None or item.decided_at is None:
        return False
    item.identity = identity
    actor, before = Actor.system("reviews", identity.tenant_id), item.remediation.get("text")
    outcome = _outcome(item, actor=actor)
    if outcome.state == RemediationState.PENDING and item.decided_at < at - GIVEN_UP_AFTER:
        outcome = Outcome(RemediationState.FAILED, f"Given up after {GIVEN_UP_AFTER.days} days: {outcome.text}")
    if outcome.state == RemediationState.PENDING and outcome.text == before:
        return False
    keep(item, str(item.decision), outcome, at=at, actor=actor)
    return True


def _outcome(item: ReviewItem, *, actor: Actor) -> Outcome:
    """What comes of trying; where it is refused, nothing of it happened, and it waits."""
    try:
        with transaction.atomic():
            if item.decision == Decision.REVOKE:
                return revoke(item.identity, reason=_why(item), actor=actor)
            wanted = [UUID(pk) for pk in item.remediation.get("asked", [])]
            return reduce(item.identity, wanted, reason=_why(item), actor=actor)
    except DomainError as refused:
        return Outcome(RemediationState.PENDING, refused.message)


def _why(item: ReviewItem) -> str:
    # A binding keeps 500 characters of why it ended.
    return f"{item.decision_reason[:300]} ({item.campaign.name})"
