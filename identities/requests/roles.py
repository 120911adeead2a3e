"""The role that a request gives: the bundle's own, shared by all who took it whole, or one of exactly what is left."""

import re
from collections.abc import Iterator
from itertools import count

from django.db import IntegrityError, transaction

from audit.actors import Actor
from identities.access import services as access
from identities.access.bundles import BUNDLES
from identities.access.models import Role
from identities.errors import Invalid
from identities.requests.models import IdentityRequest

LONGEST = 100
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9 ._:/-]+")


def role_for(row: IdentityRequest, *, actor: Actor) -> Role:
    """A role of exactly the permissions asked for, found or made; in the caller's transaction.

    A role of the same name with other permissions is left alone: the next name is taken.
    """
    wanted = sorted(row.permissions)
    for name in _names(row):
        found = Role.objects.filter(tenant_id=row.tenant_id, name__iexact=name).first() or _made(row, name, actor)
        if found is not None and sorted(found.permissions) == wanted:
            return found
    raise AssertionError("the numbers have ended")


def _names(row: IdentityRequest) -> Iterator[str]:
    bundle = BUNDLES[row.bundle]
    if sorted(row.permissions) == sorted(bundle.permissions):
        yield bundle.key
    plain = " ".join(_NOT_IN_NAMES.sub("-", row.name).split())
    base = f"{bundle.key} / {plain}"[:LONGEST].rstrip(" ._:/-")
    yield base
    for number in count(2):
        mark = f" {number}"
        yield base[: LONGEST - len(mark)].rstrip(" ._:/-") + mark


def _made(row: IdentityRequest, name: str, actor: Actor) -> Role | None:
    """A new role; None where somebody was faster."""
    description = f"From the bundle {BUNDLES[row.bundle].label}."
    try:
        with transaction.atomic():
            return access.create_role(
                tenant=row.tenant, name=name, permissions=row.permissions, description=description, actor=actor
            )
    except (IntegrityError, Invalid):
        return Role.objects.filter(tenant_id=row.tenant_id, name__iexact=name).first()
