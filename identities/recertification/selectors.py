"""Questions about reviews: campaigns with their progress, items, and what waits for one person."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from identities.people.models import User
from identities.recertification.models import (
    CampaignState,
    ItemState,
    RemediationState,
    ReviewCampaign,
    ReviewItem,
)

Tenants = Collection[UUID] | None
#: In which items wait for somebody.
ASKING = (CampaignState.OPEN, CampaignState.CLOSING)


def campaigns(tenant_ids: Tenants) -> QuerySet[ReviewCampaign]:
    """Campaigns of these tenants (None: of every one), each with the numbers of its items, in one query.

    `items_all`, `items_open`, `items_decided`, `items_silent`, `items_dropped`, and `items_failed`: decided, and not
    carried out.
    """
    rows = ReviewCampaign.objects.select_related("plan").annotate(
        items_all=_number(),
        items_open=_number(state=ItemState.OPEN),
        items_decided=_number(state=ItemState.DECIDED),
        items_silent=_number(state=ItemState.SILENT),
        items_dropped=_number(state=ItemState.DROPPED),
        items_failed=_number(remediation_state=RemediationState.FAILED),
    )
    return rows if tenant_ids is None else rows.filter(tenant_id__in=tenant_ids)


def items(tenant_ids: Tenants) -> QuerySet[ReviewItem]:
    """Items of these tenants (None: of every one), with campaign, identity and reviewer at hand."""
    rows = ReviewItem.objects.select_related("campaign", "identity", "reviewer")
    return rows if tenant_ids is None else rows.filter(campaign__tenant_id__in=tenant_ids)


def queue_for(person: User, *, campaign: ReviewCampaign | None = None) -> QuerySet[ReviewItem]:
    """What waits for this person, the campaign that ends first in front, then as the items were asked."""
    rows = items(None).filter(reviewer=person, state=ItemState.OPEN, campaign__state__in=ASKING)
    if campaign is not None:
        rows = rows.filter(campaign=campaign)
    return rows.order_by("campaign__due_at", "campaign_id", "opened_at", "pk")


def next_for(
    person: User, *, after: ReviewItem | None = None, campaign: ReviewCampaign | None = None
) -> ReviewItem | None:
    """The next item that waits for this person, behind `after` where something is there, else from the front."""
    queue = list(queue_for(person, campaign=campaign).values_list("pk", flat=True)[:1000])
    others = [pk for pk in queue if after is None or pk != after.pk]
    if not others:
        return None
    place = queue.index(after.pk) if after is not None and after.pk in queue else -1
    behind = [pk for pk in queue[place + 1 :] if after is None or pk != after.pk]
    return items(None).get(pk=(behind or others)[0])


def number_waiting(person: User) -> int:
    """How many items wait for this person."""
    return queue_for(person).count()


def waiting_by_reviewer(campaign: ReviewCampaign) -> dict[UUID | None, int]:
    """By reviewer (None: nobody), how many items of the campaign are open."""
    rows = ReviewItem.objects.filter(campaign=campaign, state=ItemState.OPEN).order_by()
    return dict(rows.values_list("reviewer").annotate(n=Count("pk")))


def unfinished(campaign: ReviewCampaign) -> int:
    """How many items are open, or decided and still to be carried out."""
    waits = Q(state=ItemState.OPEN) | Q(remediation_state=RemediationState.PENDING)
    return ReviewItem.objects.filter(waits, campaign=campaign).count()


def _number(**which: str) -> Coalesce:
    # One by one and by the index of the campaign: a join would count every item of every campaign for one page.
    rows = ReviewItem.objects.filter(campaign=OuterRef("pk"), **which).order_by().values("campaign")
    return Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0)
