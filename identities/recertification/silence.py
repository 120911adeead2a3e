"""Silence at the deadline: every question that nobody answered gets its consequence, once, whoever dies meanwhile.

A campaign past its due date closes: OPEN, CLOSING, CLOSED. Each item is settled in a short transaction of its own that
first takes its identity and then moves the item from open to silent, so that an answer, a second worker and a worker
that was killed leave it settled once or not at all; what is left, the next sweep goes on with.
"""

import time
from collections import Counter
from datetime import datetime
from uuid import UUID

import structlog
from django.db import connection, transaction

from audit import services as audit
from identities.events import CampaignEvent
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.people import notices
from identities.people.models import User
from identities.people.selectors import active_admins
from identities.recertification import telling, unanswered
from identities.recertification.consequences import Consequence
from identities.recertification.models import (
    CampaignState,
    ItemState,
    RemediationState,
    ReviewCampaign,
    ReviewItem,
)
from identities.recertification.subjects import subject_of

log = structlog.get_logger(__name__)

#: So many ids are read at a time.
BITE = 500


def sweep(at: datetime, limit: int = 20_000, seconds: float = 8.0) -> int:
    """Settle what is past its deadline at `at`, for at most so long; answers how many items were settled here.

    Safe in any number of processes at once: what another one holds is passed by. An item that breaks is logged, holds
    up no other, and is tried again at the next sweep.
    """
    ends, settled = time.monotonic() + seconds, _retry(at)
    for campaign in _due(at):
        _begin(campaign, at)
        settled += _settle_all(campaign, at, limit - settled, ends)
        if settled >= limit or time.monotonic() >= ends:
            break
        _close(campaign, at)
    return settled


def _due(at: datetime) -> list[ReviewCampaign]:
    states = (CampaignState.OPEN, CampaignState.CLOSING)
    return list(ReviewCampaign.objects.filter(due_at__lte=at, state__in=states).order_by("due_at", "pk"))


@transaction.atomic
def _begin(campaign: ReviewCampaign, at: datetime) -> None:
    """From here on no answer is taken any more."""
    mine = ReviewCampaign.objects.filter(pk=campaign.pk, state=CampaignState.OPEN, due_at__lte=at)
    if mine.update(state=CampaignState.CLOSING):
        campaign.state = CampaignState.CLOSING
        audit.record(
            CampaignEvent.CHANGED,
            actor=unanswered.actor_of(campaign),
            subject=subject_of(campaign),
            reason="Its due date has come: what nobody answered is acted on",
            changes={"state": {"previous": "open", "current": "closing"}},
        )


def _settle_all(campaign: ReviewCampaign, at: datetime, limit: int, ends: float) -> int:
    settled, after = 0, UUID(int=0)
    while settled < limit and (bite := _bite(campaign, after)):
        for item_id in bite:
            if settled >= limit or time.monotonic() >= ends:
                return settled
            settled += _settle(campaign, item_id, at)
        after = bite[-1]
    return settled


def _bite(campaign: ReviewCampaign, after: UUID) -> list[UUID]:
    rows = ReviewItem.objects.filter(campaign=campaign, state=ItemState.OPEN, pk__gt=after)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:BITE])


def _settle(campaign: ReviewCampaign, item_id: UUID, at: datetime) -> bool:
    try:
        with transaction.atomic():
            identity = _take(item_id)
            item = ReviewItem.objects.filter(pk=item_id, state=ItemState.OPEN).first() if identity else None
            if identity is None or item is None:
                return False
            item.campaign, item.identity = campaign, identity
            return unanswered.settle(item, identity, at=at)
    except Exception:
        log.exception("silence.item_failed", item_id=str(item_id))
        return False


def _take(item_id: UUID) -> ManagedIdentity | None:
    """The identity of an item, unless somebody else holds it now; SQLite has one writer at a time."""
    skip = connection.features.has_select_for_update_skip_locked
    rows = ManagedIdentity.objects.select_for_update(no_key=True, skip_locked=skip, of=("self",))
    return rows.filter(review_items=item_id).first()


def _retry(at: datetime) -> int:
    """What silence could not disable because an incident was under way, and can now."""
    rows = ReviewItem.objects.filter(remediation_state=RemediationState.PENDING, state=ItemState.SILENT)
    rows = rows.exclude(identity__state=State.QUARANTINED).order_by("decided_at", "pk")
    return sum(_retry_one(item_id, at) for item_id in list(rows.values_list("pk", flat=True)[:BITE]))


@transaction.atomic
def _retry_one(item_id: UUID, at: datetime) -> bool:
    identity = _take(item_id)
    rows = ReviewItem.objects.select_related("campaign").select_for_update(no_key=True, of=("self",))
    item = rows.filter(pk=item_id, remediation_state=RemediationState.PENDING).first() if identity else None
    if item is None or identity is None or identity.state == State.QUARANTINED:
        return False
    item.identity, actor = identity, unanswered.actor_of(item.campaign)
    reason = f"Nobody answered its review by {item.campaign.due_at:%d %b %Y}, and its quarantine is over"
    unanswered.act(item, Consequence(item.remediation["action"]), reason=reason, at=at, actor=actor)
    return True


@transaction.atomic
def _close(campaign: ReviewCampaign, at: datetime) -> None:
    """Nothing is left open in it: it is over, and those who were asked in vain are told once what that meant."""
    if ReviewItem.objects.filter(campaign=campaign, state=ItemState.OPEN).exists():
        return
    mine = ReviewCampaign.objects.filter(pk=campaign.pk, state=CampaignState.CLOSING)
    if not mine.update(state=CampaignState.CLOSED, closed_at=at, closed_reason="Its due date came"):
        return
    silent: Counter[UUID | None] = Counter(
        ReviewItem.objects.filter(campaign=campaign, state=ItemState.SILENT).values_list("reviewer_id", flat=True)
    )
    telling.settle_all(campaign.pk, at=at)
    audit.record(
        CampaignEvent.CLOSED,
        actor=unanswered.actor_of(campaign),
        subject=subject_of(campaign),
        reason="Its due date came",
        details={"unanswered": silent.total(), "items": ReviewItem.objects.filter(campaign=campaign).count()},
    )
    if silent:
        _tell(campaign, silent)


def _tell(campaign: ReviewCampaign, silent: Counter[UUID | None]) -> None:
    people = {person.pk: person for person in User.objects.filter(pk__in=[pk for pk in silent if pk])}
    total = silent.total()
    told = {pk: (person, silent[pk]) for pk, person in people.items()}
    told |= {person.pk: (person, total) for person in active_admins(campaign.tenant_id)}
    for person, number in told.values():
        of_them = "1 review" if number == 1 else f"{number} reviews"
        notices.tell(
            [person],
            tenant_id=campaign.tenant_id,
            kind="review_unanswered",
            key=f"review_unanswered:{campaign.pk}",
            subject=f"{of_them} of {campaign.name} had no answer, and were acted on"[:200],
            text="What was taken away can be given back with one click within 72 hours, on each of them.",
            about=subject_of(campaign),
        )
