"""Reading subscriptions and deliveries."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet

from identities.notifications.models import Audience, Delivery, Subscription


def subscriptions(tenant_ids: Collection[UUID] | None, *, only_of: UUID | None = None) -> QuerySet[Subscription]:
    """Subscriptions of these tenants; with `only_of` those that tell this person alone."""
    rows = Subscription.objects.select_related("person", "channel")
    if only_of is not None:
        rows = rows.filter(audience=Audience.PERSON, person_id=only_of)
    return rows if tenant_ids is None else rows.filter(tenant_id__in=tenant_ids)


def deliveries(tenant_ids: Collection[UUID] | None) -> QuerySet[Delivery]:
    """Deliveries of these tenants, each with its channel; ordered by `RANK` those given up stand first."""
    rows = Delivery.objects.select_related("channel", "subscription")
    return rows if tenant_ids is None else rows.filter(tenant_id__in=tenant_ids)
