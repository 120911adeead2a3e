"""What the register itself says of it: where it stands and what for, who owns it, and who vouches for it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from identities.inventory.models import ManagedIdentity
from identities.inventory.portrait.base import PortraitPart


class Place(PortraitPart):
    """Environment, purpose, data and tier."""

    kind = "place"
    label = "Environment and purpose"

    def of(self, identities: Sequence[ManagedIdentity]) -> Mapping[UUID, Any]:
        names = ("environment", "purpose", "data_classification", "customer_facing", "risk_tier", "privilege_level")
        return {one.pk: {name: getattr(one, name) for name in names} for one in identities}


class Owners(PortraitPart):
    """The people and the team, by id: a changed label is no other owner."""

    kind = "owners"
    label = "Owners"

    def of(self, identities: Sequence[ManagedIdentity]) -> Mapping[UUID, Any]:
        names = ("business_owner_id", "technical_owner_id", "deputy_owner_id", "owner_team_id")
        return {
            one.pk: {name: str(key) if (key := getattr(one, name)) else None for name in names} for one in identities
        }


class Trust(PortraitPart):
    """How it proves itself, and who vouches for it."""

    kind = "trust"
    label = "Trust"

    def of(self, identities: Sequence[ManagedIdentity]) -> Mapping[UUID, Any]:
        names = ("issuance", "auth_method", "upstream_trust_source")
        return {one.pk: {name: getattr(one, name) for name in names} for one in identities}


def parts_of(identity: ManagedIdentity) -> dict[str, Any]:
    """What the register says of one, by kind; the row in hand, and no query."""
    return {part.kind: part().of([identity])[identity.pk] for part in (Place, Owners, Trust)}
