"""Whether two accounts are most likely one person's: the same mailbox, or the same full name in one tenant. Pure."""

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from identities.people.models import User

_FACTS = ("email", "first_name", "last_name")


@dataclass(frozen=True, slots=True)
class Persona:
    """Who an account says it belongs to, now or at some earlier time."""

    tenant_id: UUID
    email: str
    first_name: str
    last_name: str


def persona_of(user: User) -> Persona:
    """As the account reads now."""
    return Persona(user.tenant_id, user.email, user.first_name, user.last_name)


def personas(user: User, changes: Iterable[Mapping[str, Mapping[str, object]]] = ()) -> set[Persona]:
    """As the account reads now and as it read before each of `changes` (of the audit, oldest first)."""
    now = persona_of(user)
    facts = {name: getattr(now, name) for name in _FACTS}
    found = {now}
    for change in reversed(list(changes)):
        facts |= {name: str(change[name].get("previous") or "") for name in _FACTS if name in change}
        found.add(Persona(user.tenant_id, **facts))
    return found


def is_same(one: Collection[Persona], other: Collection[Persona]) -> bool:
    """Whether any two of these share a mailbox, or a full name in one tenant."""
    return not _marks(one).isdisjoint(_marks(other))


def mailbox(address: str) -> str:
    """Where mail to `address` ends up, without case and `+tag`."""
    local, _, domain = address.strip().casefold().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def full_name(first: str, last: str) -> str:
    """Both names in one written form; nothing where either is missing."""
    names = [" ".join(unicodedata.normalize("NFKC", name).casefold().split()) for name in (first, last)]
    return " ".join(names) if all(names) else ""


def _marks(found: Collection[Persona]) -> set[tuple[object, str]]:
    boxes: set[tuple[object, str]] = {("mailbox", mailbox(one.email)) for one in found if one.email}
    named = ((one.tenant_id, full_name(one.first_name, one.last_name)) for one in found)
    return boxes | {(tenant_id, name) for tenant_id, name in named if name}
