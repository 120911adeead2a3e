"""Who holds a row of the register while something about it changes: one order for everybody, so that nobody deadlocks.

The order: tenant, person, team, role; then identities, by id, all that a command needs in one statement; then what
belongs to an identity (secrets, bindings, credentials elsewhere, findings); then schedules, then runs. A lock leaves
foreign keys alone (`no_key`): who only refers to a row never waits for who changes it.

SQLite has one writer at a time, and nothing to hold.
"""

from collections.abc import Collection
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from identities.inventory.models import ManagedIdentity


def hold(concerned: Collection[UUID] | QuerySet[ManagedIdentity]) -> None:
    """Wait for these rows, in the order of their ids, and keep them until the caller's transaction ends."""
    if not connection.features.has_select_for_update:
        return
    rows = concerned if isinstance(concerned, QuerySet) else ManagedIdentity.objects.filter(pk__in=concerned)
    held = rows.order_by("pk").select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True)
    for _ in held.iterator():
        pass


def take(identity_ids: Collection[UUID]) -> list[UUID]:
    """Those of these that nobody else holds now, kept until the caller's transaction ends; all, on SQLite.

    For work that can come back: it neither waits for a command nor lets one wait in a ring.
    """
    rows = ManagedIdentity.objects.filter(pk__in=identity_ids).order_by("pk")
    skip = connection.features.has_select_for_update_skip_locked
    return list(rows.select_for_update(no_key=True, skip_locked=skip).values_list("pk", flat=True))
