"""An item before its reviewer's eyes: when it was first seen, and evidence that is not older than a day."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from identities.inventory.models import ManagedIdentity
from identities.people.models import User
from identities.recertification import evidence
from identities.recertification.asking import AT_HAND, EVIDENCE_COLUMNS, put_evidence
from identities.recertification.models import ItemState, ReviewItem

FRESH_FOR = timedelta(days=1)


def show(item: ReviewItem, *, to: User) -> ReviewItem:
    """The item as `to` is shown it; its reviewer's first look is noted, and stale evidence gathered anew before it.

    Nothing that anybody agreed to changes, and nothing at all once it is decided.
    """
    if item.state != ItemState.OPEN or item.reviewer_id != to.pk or item.seen_at is not None:
        return item
    at = timezone.now()
    shown = refresh(item, at=at)
    if ReviewItem.objects.filter(pk=item.pk, state=ItemState.OPEN, seen_at=None).update(seen_at=at):
        shown.seen_at = at
    return shown


@transaction.atomic
def refresh(item: ReviewItem, *, at: datetime) -> ReviewItem:
    """Gather the evidence anew where it is older than a day and the item is open; else the item as it is."""
    locked = ReviewItem.objects.select_for_update(no_key=True, of=("self",)).select_related("campaign").get(pk=item.pk)
    locked.identity = ManagedIdentity.objects.select_related(*AT_HAND).get(pk=locked.identity_id)
    is_fresh = locked.evidence_at is not None and at - locked.evidence_at < FRESH_FOR
    if locked.state != ItemState.OPEN or is_fresh:
        return locked
    put_evidence(locked, evidence.gather([locked.identity], at=at)[locked.identity_id], at=at)
    locked.save(update_fields=list(EVIDENCE_COLUMNS))
    return locked
