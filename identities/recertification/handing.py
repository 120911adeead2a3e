"""Handing an item on: by its reviewer to somebody else, or past a reviewer who left to the next in the chain."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from audit import services as audit
from audit.actors import Actor
from identities.events import ReviewEvent
from identities.inventory.models import ManagedIdentity
from identities.people.models import PortalRole, User
from identities.recertification import reviewers, selectors, telling
from identities.recertification.asking import AT_HAND, give
from identities.recertification.models import ItemState, ReviewItem
from identities.recertification.reviewers import Asked
from identities.recertification.subjects import details_of, subject_of_item

HANDED = ("reviewer", "reviewer_label", "trail", "seen_at", "reminded_at", "reminders", "escalated_at")
#: So many that lost their reviewer are handed on in one go.
AT_ONCE = 200


def hand_to(item: ReviewItem, person: User, *, why: str, at: datetime) -> None:
    """Set `person` as the reviewer of an item in hand; in the caller's transaction, which records why."""
    _hand(item, Asked(person, why), at)


@transaction.atomic
def escalate(item: ReviewItem, *, why: str, at: datetime, actor: Actor) -> bool:
    """Ask the next in the chain who was not asked before; False where nobody is left, or it is answered."""
    identity = ManagedIdentity.objects.select_for_update(no_key=True, of=("self",)).select_related(*AT_HAND)
    one = identity.get(pk=item.identity_id)
    rows = ReviewItem.objects.select_for_update(no_key=True, of=("self",)).select_related("campaign", "reviewer")
    locked = rows.get(pk=item.pk)
    locked.identity = one
    if locked.state != ItemState.OPEN:
        return False
    before = {UUID(entry["reviewer"]) for entry in locked.trail if entry.get("reviewer")}
    among = reviewers.circle(locked.campaign, [one.owner_team_id])
    asked = reviewers.choose(one, locked.campaign, among, but=before)
    if asked.person is None:
        return False
    former = locked.reviewer_label
    locked.escalated_at = at
    _hand(locked, Asked(asked.person, f"{why}. {asked.why}"), at)
    audit.record(
        ReviewEvent.ESCALATED,
        actor=actor,
        subject=subject_of_item(locked),
        reason=why,
        details={**details_of(locked), "from": former, "to": locked.reviewer_label},
    )
    return True


def pass_on_left(at: datetime) -> int:
    """Items whose reviewer left, or may not answer any more, go to the next; nobody asked yet counts too.

    Says how many were handed on. One for whom nobody is left waits where it is, and is tried again.
    """
    able = Q(reviewer__is_active=True, reviewer__is_agent=False)
    able &= Q(reviewer__role__in=[PortalRole.ANALYST, PortalRole.ADMIN])
    rows = selectors.items(None).filter(state=ItemState.OPEN, campaign__state__in=selectors.ASKING)
    moved = 0
    for item in rows.exclude(able).order_by("campaign__due_at", "pk").defer("evidence")[:AT_ONCE]:
        why = f"{item.reviewer_label} left" if item.reviewer_label else "Nobody was there to ask"
        moved += escalate(item, why=why, at=at, actor=Actor.system("reviews", item.campaign.tenant_id))
    return moved


def _hand(item: ReviewItem, asked: Asked, at: datetime) -> None:
    former = item.reviewer_id
    give(item, asked, at=at)
    item.seen_at, item.reminded_at, item.reminders = None, None, 0
    item.save(update_fields=list(HANDED))
    if former is not None:
        telling.settle(item.campaign_id, [former], at=at)
    if item.reviewer_id is not None:
        waits = ReviewItem.objects.filter(
            campaign=item.campaign_id, reviewer=item.reviewer_id, state=ItemState.OPEN
        ).count()
        telling.tell_reviewers(item.campaign, {item.reviewer_id: waits})
