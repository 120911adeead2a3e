"""Reading channels, subscriptions and deliveries."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When

from identities.notifications.models import Audience, Channel, Delivery, DeliveryState, Subscription

#: Dead letters first: somebody has to look at them.
RANKS = {DeliveryState.DEAD: 0, DeliveryState.WAITING: 1, DeliveryState.SENT: 2}


def channels(tenant_ids: Collection[UUID] | None) -> QuerySet[Channel]:
    """Channels of these tenants (None: of all), with how many deliveries of each wait and were given up."""
    rows = Channel.objects.annotate(
        dead=Count("deliveries", filter=Q(deliveries__state=DeliveryState.DEAD)),
        waiting=Count("deliveries", filter=Q(deliveries__state=DeliveryState.WAITING)),
    )
    return rows if tenant_ids is None else rows.filter(tenant_id__in=tenant_ids)


def subscriptions(tenant_ids: Collection[UUID] | None, *, only_of: UUID | None = None) -> QuerySet[Subscription]:
    """Subscriptions of these tenants; with `only_of` those that tell this person alone."""
    rows = Subscription.objects.select_related("person", "channel")
    if only_of is not None:
        rows = rows.filter(audience=Audience.PERSON, person_id=only_of)
    return rows if tenant_ids is None else rows.filter(tenant_id__in=tenant_ids)


def deliveries(tenant_ids: Collection[UUID] | None) -> QuerySet[Delivery]:
    """Deliveries of these tenants, each with its `rank`: given up, waiting, sent."""
    ranks = [When(state=state, then=Value(rank)) for state, rank in RANKS.items()]
    ranked = Case(*ranks, default=Value(len(RANKS)), output_field=IntegerField())
    rows = Delivery.objects.select_related("channel", "subscription").annotate(rank=ranked)
    return rows if tenant_ids is None else rows.filter(tenant_id__in=tenant_ids)
