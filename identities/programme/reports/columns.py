"""Cells that several reports have: who answers for an identity, what it may do, in the words of the register."""

from collections.abc import Sequence

from identities.inventory.models import ManagedIdentity
from identities.programme.reports.base import Cell

#: What `answering` needs joined.
OWNERS = ("owner_team",)
WHERE = ("Identity", "Kind", "Environment", "Application")
ANSWERING = ("Business owner", "Technical owner", "Team")


def where(identity: ManagedIdentity) -> Sequence[Cell]:
    """Which identity, and where it works."""
    return (identity.name, identity.kind, identity.environment or None, identity.application or None)


def answering(identity: ManagedIdentity) -> Sequence[Cell]:
    """Who answers for it; a name that was never matched to a person is in brackets."""
    team = identity.owner_team
    return (
        _person(identity.business_owner_label, is_matched=identity.business_owner_id is not None),
        _person(identity.technical_owner_label, is_matched=identity.technical_owner_id is not None),
        team.name if team is not None else None,
    )


def _person(label: str, *, is_matched: bool) -> str | None:
    return (label if is_matched else f"({label})") if label else None
