"""Answering an item: certify, reduce, revoke or reassign. A decision is done, not noted."""

import contextlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor
from identities.access.models import RoleBinding
from identities.errors import Conflict, DomainError, Invalid
from identities.events import ReviewEvent
from identities.inventory import locks, services as inventory
from identities.inventory.models import ManagedIdentity
from identities.inventory.standards_rows import standards_of
from identities.people.models import User
from identities.recertification import deciding, handing, remediation, seeing, snapshots, telling
from identities.recertification.models import (
    CampaignState,
    Decision,
    ItemState,
    RemediationState,
    ReviewDecision,
    ReviewItem,
)
from identities.recertification.subjects import details_of, subject_of_item

#: So many are certified at once, and each says with how many others.
MOST_AT_ONCE = 25
LONGEST = 500
#: What ends soon is looked at each week until it does (S4-65).
TEMPORARY = timedelta(days=7)
OVER = (CampaignState.CLOSED, CampaignState.CANCELLED)
ANSWERS = (Decision.CERTIFY, Decision.REDUCE, Decision.REVOKE, Decision.REASSIGN)


@transaction.atomic
def decide(
    item: ReviewItem,
    *,
    decision: str,
    reason: str,
    actor: Actor,
    bindings: Collection[UUID | str] | None = None,
    reviewer: User | None = None,
    seconds: float | None = None,
    batch_size: int = 1,
) -> ReviewItem:
    """Answer `item`, and do what was answered, in one transaction.

    `certify` keeps the state as certified until the tier asks again. `reduce` ends `bindings` (silent: those that
    nothing used) and certifies what is left. `revoke` disables it and ends them all. Both can be undone for 72 hours.
    `reassign` asks `reviewer` instead. A reason is needed for all but to certify what is recommended so and leaves no
    question open. What cannot be carried out now (a quarantine) waits on the item and is tried again.

    Raises Refused (`not_a_person`, `not_your_item`, `same_person`, `hand_of_requester`), Conflict (`item_closed`,
    `campaign_over`, `no_owner`, `identity_retired`) and Invalid, naming `decision`, `reason`, `bindings`, `reviewer`.
    """
    at = timezone.now()
    locked = _lock(item)
    person = deciding.check(locked, locked.identity, decision=decision, actor=actor)
    _check_open(locked)
    seeing.complete(locked, at=at)
    _check_words(locked, decision, reason, has_reviewer=reviewer is not None)
    ends = _bindings(locked, bindings, at) if decision == Decision.REDUCE else []
    answer = _answer(locked, decision, reason, person, at=at, seconds=seconds, batch_size=batch_size)
    if decision == Decision.REASSIGN and reviewer is not None:
        return _reassign(locked, answer, reviewer, giver=person, at=at, actor=actor)
    _note(locked, answer, person, ends, at)
    _record(locked, answer, actor)
    if decision == Decision.CERTIFY:
        _certify(locked, actor=actor, at=at)
    else:
        _take_away(locked, actor=actor, at=at)
    if locked.reviewer_id is not None:
        telling.settle(locked.campaign_id, [locked.reviewer_id], at=at)
    return locked


@transaction.atomic
def certify_many(
    items: Sequence[ReviewItem], *, reason: str, actor: Actor, seconds: float | None = None
) -> list[ReviewItem]:
    """Certify up to 25 items at once, all or none; each answer is marked with how many were given together.

    Only what is recommended so and leaves no question open: the rest is looked at one by one (Conflict
    `not_in_bulk`). `seconds` is what all of them took. Raises as `decide`.
    """
    if not items or len(items) > MOST_AT_ONCE:
        raise Invalid({"ids": [f"1 to {MOST_AT_ONCE} items at once."]})
    locks.hold([item.identity_id for item in items])
    each = seconds / len(items) if seconds is not None else None
    done = []
    for item in sorted(items, key=lambda one: one.pk):
        now = _lock(item)
        seeing.complete(now, at=timezone.now())
        if now.recommendation != Decision.CERTIFY or now.unclear:
            said = f"'{now.identity.name}' is not recommended to certify as it is: look at it by itself."
            raise Conflict(said, code="not_in_bulk")
        done.append(
            decide(now, decision=Decision.CERTIFY, reason=reason, actor=actor, seconds=each, batch_size=len(items))
        )
    return done


def certified_until(identity: ManagedIdentity, at: datetime) -> datetime:
    """Until when a certification holds: by tier, as the identity policy says; what ends before that, a week."""
    by_tier = at + timedelta(days=standards_of(identity.tenant_id).review_days[identity.risk_tier])
    ends = identity.expires_at
    if ends is None or ends > by_tier:
        return by_tier
    return min(at + TEMPORARY, ends) if ends > at else at + TEMPORARY


def _lock(item: ReviewItem) -> ReviewItem:
    identity = inventory.lock(item.identity)
    rows = ReviewItem.objects.select_for_update(no_key=True, of=("self",)).select_related("campaign")
    locked = rows.get(pk=item.pk)
    locked.identity = identity
    return locked


def _check_open(item: ReviewItem) -> None:
    if item.campaign.state in OVER:
        raise Conflict("This campaign is over.", code="campaign_over")
    if item.state != ItemState.OPEN:
        raise Conflict("This item is answered, or nothing is left to ask.", code="item_closed")


def _check_words(item: ReviewItem, decision: str, reason: str, *, has_reviewer: bool) -> None:
    errors: dict[str, list[str]] = {}
    if decision not in ANSWERS:
        raise Invalid({"decision": [f"One of: {', '.join(ANSWERS)}."]})
    is_plain = decision == Decision.CERTIFY and item.recommendation == Decision.CERTIFY and not item.unclear
    if not reason.strip() and not is_plain:
        certifies = "It is not what is recommended, or a question is open: say why."
        errors["reason"] = [certifies if decision == Decision.CERTIFY else "Say why."]
    if len(reason.strip()) > LONGEST:
        errors["reason"] = [f"At most {LONGEST} characters."]
    if decision == Decision.REASSIGN and not has_reviewer:
        errors["reviewer"] = ["Say who is asked instead."]
    if errors:
        raise Invalid(errors)


def _bindings(item: ReviewItem, named: Collection[UUID | str] | None, at: datetime) -> list[str]:
    """The bindings to end; those that nothing used where none is named. All of them stand, and are the identity's."""
    standing = {
        str(pk) for pk in RoleBinding.objects.standing(at).filter(identity=item.identity).values_list("pk", flat=True)
    }
    if named is None:
        found = [pk for pk in item.preselected if pk in standing]
        if not found:
            raise Invalid({"bindings": ["Name the role bindings to end: none of them is unused."]})
        return found
    wanted = list(dict.fromkeys(str(pk).lower() for pk in named))
    if not wanted:
        raise Invalid({"bindings": ["Name at least one role binding."]})
    if any(pk not in standing for pk in wanted):
        raise Invalid({"bindings": ["Each is a role binding of this identity that has not ended."]})
    return wanted


def _answer(
    item: ReviewItem,
    decision: str,
    reason: str,
    person: User,
    *,
    at: datetime,
    seconds: float | None,
    batch_size: int,
) -> ReviewDecision:
    if seconds is None and item.seen_at is not None:
        seconds = (at - item.seen_at).total_seconds()
    return ReviewDecision(
        item=item,
        decision=decision,
        reason=reason.strip(),
        by=person,
        by_label=person.email,
        at=at,
        evidence_hash=item.evidence_hash,
        seconds=max(0.0, seconds) if seconds is not None else None,
        batch_size=batch_size,
        details={"recommended": item.recommendation, "unclear": item.unclear},
    )


def _note(item: ReviewItem, answer: ReviewDecision, person: User, ends: list[str], at: datetime) -> None:
    item.state, item.decision, item.decision_reason = ItemState.DECIDED, Decision(answer.decision), answer.reason
    item.decided_by, item.decided_by_label, item.decided_at = person, person.email, at
    item.remediation_state, item.remediation = RemediationState.NOT_NEEDED, {}
    if ends:
        item.remediation = {"asked": ends}
        answer.details = {**answer.details, "bindings": ends}
    item.save(
        update_fields=[
            "state",
            "decision",
            "decision_reason",
            "decided_by",
            "decided_by_label",
            "decided_at",
            "remediation_state",
            "remediation",
        ]
    )
    answer.save(force_insert=True)


def _certify(item: ReviewItem, *, actor: Actor, at: datetime) -> None:
    made = snapshots.certify(item, actor=actor, until=certified_until(item.identity, at))
    until = f"Certified until {made.certified_until:%d %b %Y}."
    item.remediation = {"action": "certify", "text": until, "certified_until": made.certified_until.isoformat()}
    item.save(update_fields=["remediation"])


def _take_away(item: ReviewItem, *, actor: Actor, at: datetime) -> None:
    """What was certified before is not any more; what a reduction leaves is, where it may be."""
    # Ended first: what is taken away by an answer is no drift that asks again.
    snapshots.end(item.identity, reason=f"Review: {item.decision}", at=at)
    remediation.carry_out(item, actor=actor)
    if item.decision != Decision.REDUCE or item.remediation_state != RemediationState.DONE:
        return
    with contextlib.suppress(DomainError), transaction.atomic():
        made = snapshots.certify(item, actor=actor, until=certified_until(item.identity, at))
        until = f"What is left is certified until {made.certified_until:%d %b %Y}."
        item.remediation = {**item.remediation, "text": f"{item.remediation['text']} {until}"}
        item.save(update_fields=["remediation"])


def _reassign(
    item: ReviewItem, answer: ReviewDecision, receiver: User, *, giver: User, at: datetime, actor: Actor
) -> ReviewItem:
    if why_not := deciding.check_receiver(item, item.identity, receiver, giver=giver):
        raise Invalid({"reviewer": [why_not]})
    former = item.reviewer_label
    answer.details = {**answer.details, "from": former, "to": receiver.email}
    answer.save(force_insert=True)
    handing.hand_to(item, receiver, why=f"Handed on by {giver.email}: {answer.reason}", at=at)
    audit.record(
        ReviewEvent.REASSIGNED,
        actor=actor,
        subject=subject_of_item(item),
        reason=answer.reason,
        details={**details_of(item), "from": former, "to": receiver.email},
    )
    return item


def _record(item: ReviewItem, answer: ReviewDecision, actor: Actor) -> None:
    details = {
        **details_of(item),
        "decision": str(answer.decision),
        "recommended": item.recommendation,
        "evidence_sha256": answer.evidence_hash,
        "batch_size": answer.batch_size,
    }
    if item.unclear:
        details["unclear"] = list(item.unclear)
    audit.record(ReviewEvent.DECIDED, actor=actor, subject=subject_of_item(item), reason=answer.reason, details=details)
