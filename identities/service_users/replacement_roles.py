"""The role that takes a service user's place: one of the tenant that permits exactly this, or a new one."""

import re
from collections.abc import Collection, Iterator
from itertools import count

from audit.actors import Actor
from identities.access import services as access
from identities.access.models import Role
from identities.inventory.vocabulary import BlastRadius, PrivilegeLevel
from identities.people.models import User
from identities.service_users.planning import identical_role

LONGEST = 100
#: What lets an identity act on other identities, or on what proves them.
_REACHING = frozenset({"identity.write", "identity.quarantine", "credential.rotate", "register.import", "secret.read"})
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9 ._:/-]+")


def role_for(account: User, permissions: Collection[str], *, name: str, actor: Actor) -> Role:
    """A role of exactly these permissions, found or made, in the caller's transaction; an empty one is always made."""
    found = identical_role(account.tenant_id, permissions)
    if found is not None:
        return found
    description = f"What {account.email} did, for the identity that replaces it."
    return access.create_role(
        tenant=account.tenant,
        name=_free_name(account, name),
        permissions=permissions,
        description=description,
        actor=actor,
    )


def privileges(permissions: Collection[str]) -> tuple[PrivilegeLevel, BlastRadius]:
    """How much a role of these permissions may do, in the register's words."""
    if set(permissions) & _REACHING:
        return PrivilegeLevel.MEDIUM, BlastRadius.PRIVILEGED
    if all(name.endswith(".read") for name in permissions):
        return PrivilegeLevel.LOW, BlastRadius.READ_ONLY
    return PrivilegeLevel.MEDIUM, BlastRadius.WRITE_LIMITED


def _free_name(account: User, name: str) -> str:
    taken = {one.lower() for one in Role.objects.filter(tenant_id=account.tenant_id).values_list("name", flat=True)}
    return next(one for one in _names(name) if one.lower() not in taken)


def _names(name: str) -> Iterator[str]:
    plain = " ".join(_NOT_IN_NAMES.sub("-", name).split()).strip(" ._:/-") or "service user"
    base = f"{plain[: LONGEST - 16].rstrip(' ._:/-')} / least"
    yield base
    for number in count(2):
        yield f"{base} {number}"
