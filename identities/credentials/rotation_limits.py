"""How far a credential's date may lie ahead: what its tier allows, and further only while an exception covers it."""

from datetime import datetime

from identities.credentials import due
from identities.errors import Invalid
from identities.inventory import exceptions
from identities.inventory.models import ExceptionKind, ManagedIdentity
from identities.inventory.standards import Standards


def latest(identity: ManagedIdentity, *, at: datetime, standards: Standards) -> datetime:
    """The last day for a credential of `identity` that is made or renewed at `at`: its tier's, or its exception's."""
    excepted = exceptions.of([identity.pk], at=at, kind=ExceptionKind.ROTATION_BEYOND_MAXIMUM)
    return max([due.latest(at, identity, standards), *excepted.values_list("expires_at", flat=True)])


def check(identity: ManagedIdentity, wanted: datetime, *, at: datetime, standards: Standards) -> None:
    """May a credential of `identity` be due only by `wanted`? Raises Invalid, naming `rotate_by`."""
    if wanted <= at:
        raise Invalid({"rotate_by": ["The day it is due lies in the future."]})
    if wanted > (limit := latest(identity, at=at, standards=standards)):
        said = f"At {identity.risk_tier} risk the latest is {limit:%Y-%m-%d %H:%M} UTC; later only with an exception."
        raise Invalid({"rotate_by": [said]})
