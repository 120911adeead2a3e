"""A service user at work shows in the register: its row was last used when the API was last called with its token."""

from collections import OrderedDict
from uuid import UUID

from identities.inventory.models import ManagedIdentity
from identities.inventory.usage import note_identity_use
from identities.people.models import User

#: An account keeps its row, so a process asks once; the oldest of so many are forgotten.
REMEMBERED = 4096
_rows: OrderedDict[UUID, UUID] = OrderedDict()


def note(user: User) -> None:
    """This service user calls the API now. Costs one query a process and account; written within seconds."""
    if not user.is_agent:
        return
    row_id = _rows.get(user.pk) or _find(user.pk)
    if row_id is not None:
        note_identity_use(row_id)


def _find(account_id: UUID) -> UUID | None:
    """One that has no row yet is asked for again."""
    found = ManagedIdentity.objects.filter(account_id=account_id).values_list("pk", flat=True).first()
    if found is not None:
        _rows[account_id] = found
        if len(_rows) > REMEMBERED:
            _rows.popitem(last=False)
    return found
