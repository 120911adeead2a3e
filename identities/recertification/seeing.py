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

    What breaks without the identity is asked when anybody looks for the first time. Nothing that anybody agreed to
    changes, and nothing at all once it is decided.
    """
    at = timezone.now()
    is_first = item.reviewer_id == to.pk and item.seen_at is None
    if item.state != ItemState.OPEN or not (is_first or evidence.is_incomplete(item.evidence)):
        return item
    # Nobody waits for the row of an item that is only looked at.
    shown = refresh(item, at=at) if _is_stale(item, at) else item
    if not is_first:
        return shown
    if ReviewItem.objects.filter(pk=item.pk, state=ItemState.OPEN, seen_at=None).update(seen_at=at):
        shown.seen_at = at
    return shown


@transaction.atomic
def refresh(item: ReviewItem, *, at: datetime) -> ReviewItem:
    """Gather the evidence anew where it is older than a day and the item is open; else the item as it is."""
    locked = ReviewItem.objects.select_for_update(no_key=True, of=("self",)).select_related("campaign").get(pk=item.pk)
    locked.identity = ManagedIdentity.objects.select_related(*AT_HAND).get(pk=locked.identity_id)
    if locked.state == ItemState.OPEN and _is_stale(locked, at):
        _gather(locked, at)
    return locked


def complete(item: ReviewItem, *, at: datetime) -> None:
    """Ask what breaks where nobody looked before the answer; on an open row that the caller holds."""
    if item.state == ItemState.OPEN and evidence.is_incomplete(item.evidence):
        _gather(item, at)


def _is_stale(item: ReviewItem, at: datetime) -> bool:
    is_old = item.evidence_at is None or at - item.evidence_at >= FRESH_FOR
    return is_old or evidence.is_incomplete(item.evidence)


def _gather(item: ReviewItem, at: datetime) -> None:
    put_evidence(item, evidence.gather([item.identity], at=at)[item.identity_id], at=at)
    item.save(update_fields=list(EVIDENCE_COLUMNS))
