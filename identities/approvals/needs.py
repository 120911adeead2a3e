"""Needs: whose word a risk tier asks for, and which of them one person's yes meets. Pure but for the words."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from identities.approvals.models import Need
from identities.inventory.vocabulary import RiskTier

_OF_TIER: Mapping[str, tuple[Need, ...]] = {
    RiskTier.LOW: (),
    RiskTier.MEDIUM: (Need.APPROVER, Need.OWNER),
    RiskTier.HIGH: (Need.SECURITY, Need.OWNER),
}


def of_tier(tier: str) -> tuple[Need, ...]:
    """Whose word is needed; a tier that nobody knows counts as the highest."""
    return _OF_TIER.get(tier, _OF_TIER[RiskTier.HIGH])


def is_for_two(tier: str) -> bool:
    """Whether no person may meet two of them."""
    return tier not in (RiskTier.LOW, RiskTier.MEDIUM)


def met_by(
    person: UUID, open_needs: Sequence[Need], able: Mapping[Need, Collection[UUID]], *, alone: bool, is_owner: bool
) -> tuple[Need, ...]:
    """Which of the open needs one yes of `person` meets; none where the person is able to none.

    `able` are all who could meet each, the person among them. Where nobody may meet two (`alone`), it is the one that
    leaves the others to somebody else; where either would do, an owner speaks as the owner.
    """
    mine = [need for need in open_needs if person in able[need]]
    if not alone or len(mine) < 2:
        return tuple(mine)
    wish = sorted(mine, key=lambda need: (need == Need.OWNER) is not is_owner)
    good = [need for need in wish if _leaves_enough(person, need, open_needs, able)]
    return ((good or wish)[0],)


def _leaves_enough(person: UUID, need: Need, open_needs: Sequence[Need], able: Mapping[Need, Collection[UUID]]) -> bool:
    return all(set(able[other]) - {person} for other in open_needs if other != need)
