"""What the deadline does to items that nobody answered: recorded as no response, acted on, un-certified."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.utils import timezone

from audit import changes, services as audit
from identities.events import ReviewEvent
from identities.inventory import provenance
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.inventory.vocabulary import Origin
from identities.recertification import acting, consequences, snapshots
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
from identities.statements.prepared import insert_many, update_many

RETIRED = "It was retired: nothing is left to ask"
UNCERTIFIED = ("certified_until", "review_by", "provenance", "reassess_at")


def hold(campaign: ReviewCampaign, item_ids: Sequence[UUID], *, state: str, pending: bool = False) -> list[ReviewItem]:
    """Those of these items in `state` whose identities nobody else holds now; both rows held, as the database has them.

    Identities first and by id, as everybody does; SQLite has one writer at a time.
    """
    skip = connection.features.has_select_for_update_skip_locked
    rows = ManagedIdentity.objects.select_for_update(no_key=True, skip_locked=skip, of=("self",)).order_by("pk")
    held = {row.pk: row for row in rows.filter(review_items__in=item_ids)}
    items = ReviewItem.objects.select_for_update(no_key=True, skip_locked=skip, of=("self",)).order_by("pk")
    found = items.filter(pk__in=item_ids, identity__in=list(held), state=state).defer("evidence")
    if pending:
        found = found.filter(remediation_state=RemediationState.PENDING)
    mine = list(found)
    for item in mine:
        item.campaign, item.identity = campaign, held[item.identity_id]
    return mine


def settle(items: Sequence[ReviewItem], *, at: datetime) -> int:
    """Act on the silence about these, all or none; answers how many were settled.

    Items of one campaign and open, as `hold` gave them in the caller's transaction. A fixed number of statements for
    all that are disabled.
    """
    _drop([item for item in items if item.identity.state == State.RETIRED], at)
    asked = [item for item in items if item.state == ItemState.OPEN]
    if not asked:
        return len(items)
    campaign = asked[0].campaign
    reason = f"Nobody answered its review by {campaign.due_at:%d %b %Y} ({campaign.name})"
    meant = {item.pk: _meaning(item) for item in asked}
    marked = _uncertify(campaign, asked, reason, at)
    events = []
    for item in asked:
        item.state, item.decision, item.decision_reason = ItemState.SILENT, Decision.NO_RESPONSE, reason
        item.decided_at, item.decided_by_label = at, acting.SILENCE
        details = {**details_of(item), "reviewer": item.reviewer_label, "consequence": str(meant[item.pk])}
        actor, subject, changed = acting.actor_of(campaign), subject_of_item(item), marked[item.pk]
        events.append(
            audit.compose(
                ReviewEvent.UNANSWERED, actor=actor, subject=subject, reason=reason, changes=changed, details=details
            )
        )
    audit.record_many(events)
    insert_many([_answer(item) for item in asked])
    for what in Consequence:
        acting.act([item for item in asked if meant[item.pk] is what], what, reason=reason, at=at)
    return len(items)


def _meaning(item: ReviewItem) -> Consequence:
    tier = consequences.stricter(item.risk_tier, item.identity.risk_tier)
    return consequences.of_silence(item.campaign.on_silence, tier)


def _answer(item: ReviewItem) -> ReviewDecision:
    return ReviewDecision(
        item=item,
        decision=item.decision,
        reason=item.decision_reason,
        by_label=acting.SILENCE,
        at=item.decided_at or timezone.now(),
        evidence_hash=item.evidence_hash,
    )


def _uncertify(
    campaign: ReviewCampaign, items: Sequence[ReviewItem], reason: str, at: datetime
) -> dict[UUID, changes.Changes]:
    """On the rows: not certified, and the review late from the deadline on, which the register shows and finds."""
    day, said = campaign.due_at.date(), {}
    for item in items:
        identity = item.identity
        before = _days(identity)
        if identity.certified_until is not None:
            snapshots.end(identity, reason=reason, at=at)
        if identity.review_by is None or identity.review_by > day:
            identity.review_by = day
            identity.provenance = provenance.marked(
                identity.provenance,
                ["review_by"],
                origin=Origin.DERIVED,
                at=at,
                by=acting.SILENCE,
                source=campaign.name,
            )
        identity.reassess_at = at
        said[item.pk] = changes.between(before, _days(identity))
    update_many([item.identity for item in items], UNCERTIFIED)
    return said


def _days(identity: ManagedIdentity) -> dict[str, object]:
    days = {"certified_until": identity.certified_until, "review_by": identity.review_by}
    return {name: day.isoformat() if day else None for name, day in days.items()}


def _drop(items: Sequence[ReviewItem], at: datetime) -> None:
    events = []
    for item in items:
        item.state, item.decision_reason, item.decided_at = ItemState.DROPPED, RETIRED, at
        actor, subject = acting.actor_of(item.campaign), subject_of_item(item)
        events.append(
            audit.compose(ReviewEvent.DROPPED, actor=actor, subject=subject, reason=RETIRED, details=details_of(item))
        )
    update_many(items, acting.SETTLED)
    audit.record_many(events)
