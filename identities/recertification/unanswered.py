"""What the deadline does to one item that nobody answered: recorded as no response, acted on, un-certified."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from audit import changes, services as audit
from audit.actors import Actor
from identities.access import services as access
from identities.access.models import RoleBinding
from identities.errors import DomainError
from identities.events import ReviewEvent
from identities.inventory import provenance
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State, may_become
from identities.inventory.vocabulary import Origin
from identities.lifecycle import services as lifecycle
from identities.recertification import consequences, snapshots
from identities.recertification.consequences import Consequence
from identities.recertification.models import (
    Decision,
    ItemState,
    RemediationState,
    ReviewCampaign,
    ReviewDecision,
    ReviewItem,
)
from identities.recertification.subjects import details_of, subject_of_item

SILENCE = "silence"
#: So long one click takes it back.
UNDO = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done: its state, a sentence, and what is needed to undo it."""

    state: RemediationState
    text: str
    kept: dict[str, Any] = field(default_factory=dict)


def actor_of(campaign: ReviewCampaign) -> Actor:
    """The deadline as the one who acts."""
    return Actor.system(SILENCE, campaign.tenant_id)


def settle(item: ReviewItem, identity: ManagedIdentity, *, at: datetime) -> bool:
    """Act on the silence, once: False where somebody answered meanwhile, or another process was first.

    Runs in the caller's transaction, which holds the row of the identity; `item.campaign` is at hand.
    """
    if identity.state == State.RETIRED:
        return _drop(item, at)
    mine = ReviewItem.objects.filter(pk=item.pk, state=ItemState.OPEN)
    if not mine.update(state=ItemState.SILENT, decision=Decision.NO_RESPONSE, decided_at=at, decided_by_label=SILENCE):
        return False
    reason = f"Nobody answered its review by {item.campaign.due_at:%d %b %Y} ({item.campaign.name})"
    item.identity, actor = identity, actor_of(item.campaign)
    tier = consequences.stricter(item.risk_tier, identity.risk_tier)
    what = consequences.of_silence(item.campaign.on_silence, tier)
    marked = _uncertify(identity, item.campaign, reason, at)
    audit.record(
        ReviewEvent.UNANSWERED,
        actor=actor,
        subject=subject_of_item(item),
        reason=reason,
        changes=marked,
        details={**details_of(item), "reviewer": item.reviewer_label, "consequence": str(what)},
    )
    ReviewDecision.objects.create(
        item=item,
        decision=Decision.NO_RESPONSE,
        reason=reason,
        by_label=SILENCE,
        at=at,
        evidence_hash=item.evidence_hash,
    )
    act(item, what, reason=reason, at=at, actor=actor)
    return True


def act(item: ReviewItem, what: Consequence, *, reason: str, at: datetime, actor: Actor) -> None:
    """Carry the consequence out and keep on the item what came of it, with what undoing needs."""
    outcome = _carry_out(item, what, reason=reason, actor=actor)
    item.remediation_state, is_done = outcome.state, outcome.state == RemediationState.DONE
    item.remediation = {"action": str(what), "text": outcome.text, **outcome.kept}
    item.remediated_at, item.undo_until = (at, at + UNDO) if is_done else (None, None)
    item.save(update_fields=["remediation_state", "remediation", "remediated_at", "undo_until"])
    failed = outcome.state == RemediationState.FAILED
    audit.record(
        ReviewEvent.REMEDIATION_FAILED if failed else ReviewEvent.REMEDIATED,
        actor=actor,
        subject=subject_of_item(item),
        reason=outcome.text,
        details={**details_of(item), "action": str(what), "state": str(outcome.state)},
    )


def _carry_out(item: ReviewItem, what: Consequence, *, reason: str, actor: Actor) -> Outcome:
    try:
        if what is Consequence.DISABLE:
            return _disable(item.identity, reason=reason, actor=actor)
        if what is Consequence.REDUCE:
            return _reduce(item, reason=reason, actor=actor)
    except DomainError as error:
        return Outcome(RemediationState.FAILED, f"It could not be done: {error.message}")
    return Outcome(
        RemediationState.NOT_NEEDED, "Nothing was taken away; it counts as not certified, its review as late."
    )


def _disable(identity: ManagedIdentity, *, reason: str, actor: Actor) -> Outcome:
    state, paused_until = State(identity.state), identity.paused_until
    if state is State.QUARANTINED:
        return Outcome(RemediationState.PENDING, "It is quarantined: it is disabled as soon as that ends.")
    if not may_become(state, State.DISABLED):
        return Outcome(RemediationState.NOT_NEEDED, f"It was {state} already.")
    moved = lifecycle.disable(identity, reason=reason, actor=actor)
    kept = {"previous_state": state.value, "state_changed_at": moved.state_changed_at.isoformat()}
    if paused_until is not None:
        kept["paused_until"] = paused_until.isoformat()
    return Outcome(RemediationState.DONE, "It was disabled.", kept)


def _reduce(item: ReviewItem, *, reason: str, actor: Actor) -> Outcome:
    """End what nothing used when the evidence was gathered, and nothing has used since."""
    seen = item.evidence_at or item.opened_at
    standing = RoleBinding.objects.standing(timezone.now()).filter(pk__in=item.preselected, identity=item.identity)
    ended = [
        binding
        for binding in standing.filter(is_elevation=False)
        if binding.last_used_at is None or binding.last_used_at <= seen
    ]
    for binding in ended:
        access.end_binding(binding, actor=actor, reason=reason)
    if not ended:
        return Outcome(RemediationState.NOT_NEEDED, "It holds no role that nothing uses; it counts as not certified.")
    one = "1 role that nothing used was" if len(ended) == 1 else f"{len(ended)} roles that nothing used were"
    return Outcome(RemediationState.DONE, f"{one} ended.", {"bindings_ended": [str(binding.pk) for binding in ended]})


def _uncertify(identity: ManagedIdentity, campaign: ReviewCampaign, reason: str, at: datetime) -> changes.Changes:
    """On the row: not certified, and its review late from the deadline on, which the register shows and finds."""
    was, day = (identity.certified_until, identity.review_by), campaign.due_at.date()
    if identity.certified_until is not None:
        snapshots.end(identity, reason=reason, at=at)
    if identity.review_by is None or identity.review_by > day:
        identity.review_by = day
        identity.provenance = provenance.marked(
            identity.provenance, ["review_by"], origin=Origin.DERIVED, at=at, by=SILENCE, source=campaign.name
        )
    rows = ManagedIdentity.objects.filter(pk=identity.pk)
    rows.update(review_by=identity.review_by, provenance=identity.provenance, reassess_at=at)
    said = [tuple(day.isoformat() if day else None for day in pair) for pair in (was, _days(identity))]
    names = ("certified_until", "review_by")
    return changes.between(dict(zip(names, said[0], strict=True)), dict(zip(names, said[1], strict=True)))


def _days(identity: ManagedIdentity) -> tuple[Any, Any]:
    return identity.certified_until, identity.review_by


def _drop(item: ReviewItem, at: datetime) -> bool:
    reason = "It was retired: nothing is left to ask"
    mine = ReviewItem.objects.filter(pk=item.pk, state=ItemState.OPEN)
    if not mine.update(state=ItemState.DROPPED, decision_reason=reason, decided_at=at):
        return False
    actor = actor_of(item.campaign)
    audit.record(
        ReviewEvent.DROPPED, actor=actor, subject=subject_of_item(item), reason=reason, details=details_of(item)
    )
    return True
