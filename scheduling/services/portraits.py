"""Schedules are a part of what people agreed to of an identity: who watches over that is told when they change."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q

from audit.actors import Actor
from identities.inventory import locks
from identities.inventory.models import ManagedIdentity
from identities.inventory.watchers.base import run_watchers

IS_WATCHED = ~Q(approval_state="") | Q(certified_until__isnull=False)


def tell(identity_ids: Collection[UUID], *, tenant_id: UUID, actor: Actor) -> None:
    """The schedules of these have changed. One query; more only for an identity that is approved or certified."""
    rows = ManagedIdentity.objects.filter(IS_WATCHED, pk__in=identity_ids, tenant_id=tenant_id).order_by("pk")
    found = list(rows)
    locks.hold([identity.pk for identity in found])
    for identity in found:
        run_watchers(identity, part="schedules", actor=actor)
