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
from identities.recertification.models import Decision, RemediationState, ReviewItem
from identities.recertification.subjects import details_of, subject_of_item

#: So long one click takes it back.
UNDO = timedelta(hours=72)
#: So long it is tried again where something stands in the way.
GIVEN_UP_AFTER = timedelta(days=30)
RETRIED_AT_ONCE = 50
WAITS = "It is quarantined: it is carried out once it is released."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done: its state, a sentence, and what undoing needs: `previous_state` and the `bindings` that ended."""

    state: RemediationState
    text: str
    kept: dict[str, Any] = field(default_factory=dict)


def carry_out(item: ReviewItem, *, actor: Actor) -> ReviewItem:
    """Do what was decided about `item`, and keep on it what came of it.

    In the caller's transaction, which holds the identity's row and the item's. What cannot be done now stays PENDING
    and is tried again; it never takes the decision back.
    """
    at = timezone.now()
    if item.decision == Decision.REVOKE:
        outcome = attempt(lambda: revoke(item.identity, reason=_why(item), actor=actor))
    elif item.decision == Decision.REDUCE:
        wanted = [UUID(pk) for pk in item.remediation.get("asked", [])]
        outcome = attempt(lambda: reduce(item.identity, wanted, reason=_why(item), actor=actor))
    else:
        return item
    keep(item, str(item.decision), outcome, at=at, actor=actor)
    return item


def attempt(act: Any) -> Outcome:
    """What `act` answers; where it is refused, nothing of it happened, and it waits."""
    try:
        with transaction.atomic():
            outcome: Outcome = act()
            return outcome
    except DomainError as refused:
        return Outcome(RemediationState.PENDING, refused.message)


def disable(identity: ManagedIdentity, *, reason: str, actor: Actor) -> Outcome:
    """Stop it at once; its bindings and secrets stay for the day it is enabled. Raises Conflict in quarantine."""
    state = State(identity.state)
    if state == State.RETIRED:
        return Outcome(RemediationState.DONE, "It was retired already.", {"previous_state": state.value})
    if state == State.QUARANTINED:
        raise Conflict(WAITS, code="wrong_state")
    if may_become(state, State.DISABLED):
        lifecycle.disable(identity, reason=reason, actor=actor)
        return Outcome(RemediationState.DONE, "Disabled.", {"previous_state": state.value})
    said = "It was disabled already." if state == State.DISABLED else "It was never active."
    return Outcome(RemediationState.DONE, said, {"previous_state": state.value})


def reduce(identity: ManagedIdentity, binding_ids: Collection[UUID], *, reason: str, actor: Actor) -> Outcome:
    """End those of these bindings that still stand."""
    rows = RoleBinding.objects.standing(timezone.now()).filter(identity=identity, pk__in=list(binding_ids))
    ended = [access.end_binding(row, actor=actor, reason=reason) for row in rows.select_related("role").order_by("pk")]
    names = ", ".join(sorted(row.role.name for row in ended))
    many = f"{len(ended)} role binding{'' if len(ended) == 1 else 's'} ended: {names}."
    kept = {"bindings": [str(row.pk) for row in ended], "roles": sorted(row.role.name for row in ended)}
    return Outcome(RemediationState.DONE, many if ended else "They had ended already.", kept)


def revoke(identity: ManagedIdentity, *, reason: str, actor: Actor) -> Outcome:
    """Disable it and end every binding: nothing works, and nothing works again unless somebody decides so."""
    stopped = disable(identity, reason=reason, actor=actor)
    standing = RoleBinding.objects.standing(timezone.now()).filter(identity=identity)
    ended = reduce(identity, list(standing.values_list("pk", flat=True)), reason=reason, actor=actor)
    text = f"{stopped.text} {ended.text}" if ended.kept["bindings"] else stopped.text
    return Outcome(RemediationState.DONE, text, {**stopped.kept, **ended.kept})


def keep(item: ReviewItem, action: str, outcome: Outcome, *, at: datetime, actor: Actor) -> None:
    """Keep what came of it on the item, and record it on the identity's timeline."""
    is_done = outcome.state == RemediationState.DONE
    item.remediation_state = outcome.state
    item.remediation = {**item.remediation, "action": action, "text": outcome.text, **outcome.kept}
    item.remediated_at, item.undo_until = (at, at + UNDO) if is_done else (None, None)
    item.save(update_fields=["remediation_state", "remediation", "remediated_at", "undo_until"])
    audit.record(
        ReviewEvent.REMEDIATED if is_done else ReviewEvent.REMEDIATION_FAILED,
        actor=actor,
        subject=subject_of_item(item),
        reason=outcome.text,
        details={**details_of(item), "action": action, "state": str(outcome.state)},
    )


def retry_due(at: datetime) -> int:
    """Try again what could not be carried out; after thirty days it has failed for good. Says how many moved on."""
    rows = ReviewItem.objects.filter(remediation_state=RemediationState.PENDING)
    late = rows.filter(decided_at__lt=at - GIVEN_UP_AFTER)
    ready = rows.exclude(identity__state=State.QUARANTINED)
    found = {
        *late.values_list("pk", flat=True)[:RETRIED_AT_ONCE],
        *ready.values_list("pk", flat=True)[:RETRIED_AT_ONCE],
    }
    return sum(_retry(pk, at) for pk in sorted(found))


@transaction.atomic
def _retry(item_id: UUID, at: datetime) -> bool:
    identity = ReviewItem.objects.select_related("identity").get(pk=item_id).identity
    identity = inventory.lock(identity)
    rows = ReviewItem.objects.select_for_update(no_key=True, of=("self",)).select_related("campaign")
    item = rows.filter(pk=item_id, remediation_state=RemediationState.PENDING).first()
    if item is None:
        return False
    item.identity = identity
    actor = Actor.system("reviews", identity.tenant_id)
    if item.decided_at is not None and item.decided_at < at - GIVEN_UP_AFTER and identity.state == State.QUARANTINED:
        said = f"{WAITS} It never was: decide anew."
        keep(item, str(item.decision), Outcome(RemediationState.FAILED, said), at=at, actor=actor)
        return True
    before = str(item.remediation.get("text", ""))
    outcome = _again(item, actor)
    if outcome.state != RemediationState.DONE and outcome.text == before:
        return False
    keep(item, str(item.remediation.get("action", item.decision)), outcome, at=at, actor=actor)
    return True


def _again(item: ReviewItem, actor: Actor) -> Outcome:
    action, reason = item.remediation.get("action", item.decision), _why(item)
    wanted = [UUID(pk) for pk in item.remediation.get("asked", [])]
    if action == "disable":
        return attempt(lambda: disable(item.identity, reason=reason, actor=actor))
    if action == Decision.REDUCE:
        return attempt(lambda: reduce(item.identity, wanted, reason=reason, actor=actor))
    return attempt(lambda: revoke(item.identity, reason=reason, actor=actor))


def _why(item: ReviewItem) -> str:
    said = item.decision_reason or f"Nobody answered its review by {item.campaign.due_at:%d %b %Y}"
    return f"{said} ({item.campaign.name})"
