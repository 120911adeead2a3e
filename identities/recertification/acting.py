"""What silence does to the identities of items, by its consequence, and what is kept of it for the day it is undone."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor
from identities.access.models import RoleBinding
from identities.errors import DomainError
from identities.events import ReviewEvent
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State, may_become
from identities.lifecycle import disabling
from identities.recertification import remediation
from identities.recertification.consequences import Consequence
from identities.recertification.models import RemediationState, ReviewCampaign, ReviewItem
from identities.recertification.remediation import UNDO, Outcome
from identities.recertification.subjects import details_of, subject_of_item
from identities.statements.prepared import update_many

SILENCE = "silence"
NOTHING = "Nothing was taken away; it counts as not certified, its review as late."
NO_ROLE = "It holds no role that nothing uses; it counts as not certified."
SETTLED = (
    "state", "decision", "decision_reason", "decided_at", "decided_by_label", "remediation_state", "remediation",
    "remediated_at", "undo_until",
)  # fmt: skip


def actor_of(campaign: ReviewCampaign) -> Actor:
    """The deadline as the one who acts."""
    return Actor.system(SILENCE, campaign.tenant_id)


def act(items: Sequence[ReviewItem], what: Consequence, *, reason: str, at: datetime) -> None:
    """Carry the consequence out and keep on the items what came of it, with what undoing needs."""
    if what is Consequence.DISABLE:
        outcomes = _disable(items, reason=reason)
    elif what is Consequence.REDUCE:
        outcomes = [_reduce(item, reason=reason) for item in items]
    else:
        outcomes = [Outcome(RemediationState.NOT_NEEDED, NOTHING)] * len(items)
    events = []
    for item, outcome in zip(items, outcomes, strict=True):
        _keep(item, what, outcome, at)
        failed = outcome.state == RemediationState.FAILED
        events.append(
            audit.compose(
                ReviewEvent.REMEDIATION_FAILED if failed else ReviewEvent.REMEDIATED,
                actor=actor_of(item.campaign),
                subject=subject_of_item(item),
                reason=outcome.text,
                details={**details_of(item), "action": str(what), "state": str(outcome.state)},
            )
        )
    update_many(items, SETTLED)
    audit.record_many(events)


def _keep(item: ReviewItem, what: Consequence, outcome: Outcome, at: datetime) -> None:
    is_done = outcome.state == RemediationState.DONE
    item.remediation_state = outcome.state
    item.remediation = {"action": str(what), "text": outcome.text, **outcome.kept}
    item.remediated_at, item.undo_until = (at, at + UNDO) if is_done else (None, None)


def _disable(items: Sequence[ReviewItem], *, reason: str) -> list[Outcome]:
    before = [(State(item.identity.state), item.identity.paused_until) for item in items]
    able = [item.identity for item in items if _can_be_disabled(State(item.identity.state))]
    if able:
        disabling.disable_held(able, reason=reason, actor=actor_of(items[0].campaign))
    return [_of_disabling(item.identity, *was) for item, was in zip(items, before, strict=True)]


def _can_be_disabled(state: State) -> bool:
    return state is not State.QUARANTINED and may_become(state, State.DISABLED)


def _of_disabling(identity: ManagedIdentity, was: State, paused_until: datetime | None) -> Outcome:
    if was is State.QUARANTINED:
        return Outcome(RemediationState.PENDING, "It is quarantined: it is disabled as soon as that ends.")
    if not _can_be_disabled(was):
        return Outcome(RemediationState.NOT_NEEDED, f"It was {was} already.")
    kept = {"previous_state": was.value, "state_changed_at": identity.state_changed_at.isoformat()}
    if paused_until is not None:
        kept["paused_until"] = paused_until.isoformat()
    return Outcome(RemediationState.DONE, "It was disabled.", kept)


def _reduce(item: ReviewItem, *, reason: str) -> Outcome:
    """End what nothing used when the evidence was gathered, and nothing has used since."""
    seen = item.evidence_at or item.opened_at
    standing = RoleBinding.objects.standing(timezone.now()).filter(pk__in=item.preselected, identity=item.identity)
    unused = [row.pk for row in standing.filter(is_elevation=False) if not row.last_used_at or row.last_used_at <= seen]
    if not unused:
        return Outcome(RemediationState.NOT_NEEDED, NO_ROLE)
    try:
        with transaction.atomic():
            return remediation.reduce(item.identity, unused, reason=reason, actor=actor_of(item.campaign))
    except DomainError as error:
        return Outcome(RemediationState.FAILED, f"It could not be done: {error.message}")
