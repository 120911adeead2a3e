"""Silence at the deadline: every question that nobody answered gets its consequence, once, whoever dies meanwhile.

A campaign past its due date closes: OPEN, CLOSING, CLOSED. A few items at a time are settled in one short transaction,
all or none, that takes their identities and finds the items still open under its locks: an answer, a second worker and
a worker that was killed leave an item settled once or not at all; with what is left, the next sweep goes on.
"""

import time
from collections import Counter
from datetime import datetime
from uuid import UUID

import structlog
from django.db import connection, transaction

from audit import services as audit
from identities.events import CampaignEvent
from identities.inventory.states import State
from identities.people import notices
from identities.people.models import User
from identities.people.selectors import active_admins
from identities.recertification import acting, telling, unanswered
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

#: So many items are settled in one transaction: few enough that nobody waits long for it, on SQLite as well.
BITE = 25
LET_IN = 0.01


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
    """From here on silence is an answer; who still answers first is heard."""
    mine = ReviewCampaign.objects.filter(pk=campaign.pk, state=CampaignState.OPEN, due_at__lte=at)
    if mine.update(state=CampaignState.CLOSING):
        campaign.state = CampaignState.CLOSING
        audit.record(
            CampaignEvent.CHANGED,
            actor=acting.actor_of(campaign),
            subject=subject_of(campaign),
            reason="Its due date has come: what nobody answered is acted on",
            changes={"state": {"previous": "open", "current": "closing"}},
        )


def _settle_all(campaign: ReviewCampaign, at: datetime, limit: int, ends: float) -> int:
    settled, after = 0, UUID(int=0)
    while settled < limit and time.monotonic() < ends and (bite := _bite(campaign, after, min(BITE, limit - settled))):
        settled += _settle(campaign, bite, at)
        after = bite[-1]
        if not connection.features.has_select_for_update:
            # SQLite has one writer at a time, and takes them in no order: let the others in.
            time.sleep(LET_IN)
    return settled


def _bite(campaign: ReviewCampaign, after: UUID, size: int) -> list[UUID]:
    rows = ReviewItem.objects.filter(campaign=campaign, state=ItemState.OPEN, pk__gt=after)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:size])


def _settle(campaign: ReviewCampaign, item_ids: list[UUID], at: datetime) -> int:
    try:
        with transaction.atomic():
            return unanswered.settle(unanswered.hold(campaign, item_ids, state=ItemState.OPEN), at=at)
    except Exception:
        if len(item_ids) > 1:
            # One of them breaks: each by itself, so that it holds up no other.
            return sum(_settle(campaign, [item_id], at) for item_id in item_ids)
        log.exception("silence.item_failed", item_id=str(item_ids[0]))
        return 0


def _retry(at: datetime) -> int:
    """What silence could not disable because an incident was under way, and can now."""
    rows = ReviewItem.objects.filter(remediation_state=RemediationState.PENDING, state=ItemState.SILENT)
    rows = rows.exclude(identity__state=State.QUARANTINED).select_related("campaign").defer("evidence")
    return sum(_retry_one(item, at) for item in rows.order_by("decided_at", "pk")[:BITE])


@transaction.atomic
def _retry_one(item: ReviewItem, at: datetime) -> int:
    held = unanswered.hold(item.campaign, [item.pk], state=ItemState.SILENT, pending=True)
    mine = [one for one in held if one.identity.state != State.QUARANTINED]
    reason = f"Nobody answered its review by {item.campaign.due_at:%d %b %Y}, and its quarantine is over"
    for one in mine:
        acting.act([one], Consequence(one.remediation["action"]), reason=reason, at=at)
    return len(mine)


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
        actor=acting.actor_of(campaign),
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
