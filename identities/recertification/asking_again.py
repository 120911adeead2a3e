"""The standing campaign of a tenant: what changed after it was certified, or was undone, is asked about again."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID, uuid5

from audit import services as audit
from audit.actors import Actor
from identities.events import CampaignEvent, ReviewEvent
from identities.inventory.models import ManagedIdentity
from identities.people.selectors import active_admins
from identities.recertification import asking, telling
from identities.recertification.models import CampaignState, ItemState, ReviewCampaign, ReviewItem
from identities.recertification.subjects import details_of, subject_of, subject_of_item

NAME = "Changed after certification"
#: Each week has one of its own; whoever is asked in it has one week to two.
ROUND, ANSWER = timedelta(days=7), timedelta(days=14)
_MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
_SPACE = UUID("a3f4c1de-6f0f-4a55-9d2b-3f6f5b0c7e11")


def ask(identity: ManagedIdentity, *, parts: Collection[str], at: datetime, actor: Actor) -> ReviewItem:
    """One question about `identity`, about these parts alone; none named asks about the whole.

    Where such a question is open already, it grows. The caller holds the row of the identity.
    """
    item = open_item(identity)
    if item is None:
        return _ask(identity, standing(identity.tenant_id, at), sorted(parts), at=at, actor=actor)
    asks = sorted({*item.asks, *parts}) if item.asks and parts else []
    if asks != item.asks:
        item.asks = asks
        item.save(update_fields=["asks"])
    return item


def answered(identity: ManagedIdentity, part: str, *, at: datetime, why: str, actor: Actor) -> None:
    """Nothing is left to ask about `part`; where it was the only one, the question is dropped."""
    item = open_item(identity)
    if item is None or part not in item.asks:
        return
    item.asks = [name for name in item.asks if name != part]
    if item.asks:
        item.save(update_fields=["asks"])
    else:
        drop(item, at=at, why=why, actor=actor)


def drop_open(identity: ManagedIdentity, *, but: ReviewItem, at: datetime, why: str, actor: Actor) -> None:
    """The whole was answered elsewhere: what is open about it in a standing campaign, other than `but`, is moot."""
    item = open_item(identity)
    if item is not None and item.pk != but.pk:
        drop(item, at=at, why=why, actor=actor)


def drop(item: ReviewItem, *, at: datetime, why: str, actor: Actor) -> None:
    """The question is moot. The caller holds the row of its identity."""
    item.state, item.decision_reason, item.decided_at = ItemState.DROPPED, why, at
    item.save(update_fields=["asks", "state", "decision_reason", "decided_at"])
    audit.record(ReviewEvent.DROPPED, actor=actor, subject=subject_of_item(item), reason=why, details=details_of(item))
    if item.reviewer_id is not None:
        telling.settle(item.campaign_id, [item.reviewer_id], at=at)


def open_item(identity: ManagedIdentity) -> ReviewItem | None:
    """The question about `identity` that is open in a standing campaign, held until the transaction ends."""
    rows = ReviewItem.objects.select_for_update(no_key=True, of=("self",)).select_related("campaign", "identity")
    found = rows.filter(identity=identity, state=ItemState.OPEN, campaign__is_drift=True)
    return found.filter(campaign__state=CampaignState.OPEN).order_by("-opened_at").first()


def standing(tenant_id: UUID, at: datetime) -> ReviewCampaign:
    """The tenant's campaign of this week, made when first needed, by whichever process; due two weeks after Monday."""
    first = began(at)
    for number in count():
        key = uuid5(_SPACE, f"{tenant_id}:{first:%Y-%m-%d}:{number}")
        facts = {"tenant_id": tenant_id, "is_drift": True, "opened_at": at, "due_at": first + ANSWER}
        facts |= {"name": f"{NAME}, {first:%-d %B %Y}", "state": CampaignState.OPEN}
        campaign, is_new = ReviewCampaign.objects.get_or_create(pk=key, defaults=facts)
        if is_new:
            actor = Actor.system("drift", tenant_id)
            audit.record(CampaignEvent.LAUNCHED, actor=actor, subject=subject_of(campaign), details={"is_drift": True})
        if campaign.state == CampaignState.OPEN:
            break
    return campaign


def began(at: datetime) -> datetime:
    """The Monday, in UTC, of the week that `at` is in. Pure."""
    return _MONDAY + (at - _MONDAY) // ROUND * ROUND


def _hands(actor: Actor) -> list[UUID]:
    """Who made the change is not who is asked about it."""
    return [UUID(actor.id)] if actor.is_human else []


def _ask(
    identity: ManagedIdentity, campaign: ReviewCampaign, asks: list[str], *, at: datetime, actor: Actor
) -> ReviewItem:
    item = asking.ask(campaign, [identity], actor=actor, at=at, asks=asks, but=_hands(actor) if asks else ())[0]
    if item.reviewer_id is not None:
        waiting = ReviewItem.objects.filter(campaign=campaign, reviewer=item.reviewer_id, state=ItemState.OPEN).count()
        telling.tell_reviewers(campaign, {item.reviewer_id: waiting})
    else:
        telling.tell_nobody(campaign, 1, active_admins(campaign.tenant_id))
    return item
