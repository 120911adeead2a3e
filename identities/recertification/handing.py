"""Handing an item to somebody else: the trail keeps who was asked, the notices follow."""

from datetime import datetime

from identities.people.models import User
from identities.recertification import telling
from identities.recertification.asking import give
from identities.recertification.models import ItemState, ReviewItem
from identities.recertification.reviewers import Asked

HANDED = ("reviewer", "reviewer_label", "trail", "seen_at", "reminded_at", "reminders", "escalated_at")


def hand_to(item: ReviewItem, person: User, *, why: str, at: datetime) -> None:
    """Ask `person` instead, who begins anew: nothing is seen, nobody was passed over.

    In the caller's transaction, which holds the item and records why.
    """
    former = item.reviewer_id
    give(item, Asked(person, why), at=at)
    item.seen_at, item.reminded_at, item.reminders, item.escalated_at = None, None, 0, None
    item.save(update_fields=list(HANDED))
    if former is not None:
        telling.settle(item.campaign_id, [former], at=at)
    waits = ReviewItem.objects.filter(campaign=item.campaign_id, reviewer=person, state=ItemState.OPEN).count()
    telling.tell_reviewers(item.campaign, {person.pk: waits})
