"""Rows of the room, held: the identity first, then the row, as everybody locks."""

from typing import TypeVar

from identities.elevations.models import BreakGlassGrant, Elevation
from identities.inventory import locks

Row = TypeVar("Row", Elevation, BreakGlassGrant)


def hold(row: Row) -> Row:
    """The row as it is now, kept until the caller's transaction ends."""
    locks.hold([row.identity_id])
    rows = type(row)._default_manager.select_related("identity", "role", "binding", "approval", "owner")
    return rows.select_for_update(no_key=True, of=("self",)).get(pk=row.pk)
