"""How far a credential's date may lie ahead: what its tier allows, and further only while an exception covers it."""

from datetime import datetime

from identities.credentials.rotation_dates import rotate_by
from identities.errors import Invalid
from identities.inventory.models import ExceptionKind, ManagedIdentity, PolicyException
from identities.inventory.standards import Standards


def latest(identity: ManagedIdentity, *, at: datetime, standards: Standards) -> datetime:
    """The last day for a credential of `identity` that is made or renewed at `at`: its tier's, or its exception's."""
    tiers = rotate_by(at, identity.risk_tier, internet_exposed=identity.internet_exposed, standards=standards)
    rows = PolicyException.objects.filter(
        identity=identity,
        kind=ExceptionKind.ROTATION_BEYOND_MAXIMUM,
        ended_at=None,
        granted_at__lte=at,
        expires_at__gt=at,
    )
    return max([tiers, *rows.values_list("expires_at", flat=True)])


def check(identity: ManagedIdentity, wanted: datetime, *, at: datetime, standards: Standards) -> None:
    """May a credential of `identity` be due only by `wanted`? Raises Invalid, naming `rotate_by`."""
    if wanted <= at:
        raise Invalid({"rotate_by": ["The day it is due lies in the future."]})
    if wanted > (limit := latest(identity, at=at, standards=standards)):
        raise Invalid(
            {
                "rotate_by": [
                    f"At {identity.risk_tier} risk the latest is {limit:%Y-%m-%d %H:%M} UTC. "
                    "Later only with an exception from the policy that lasts until then."
                ]
            }
        )
