"""What no answer means at the deadline: decided by the campaign and the tier alone. Pure (S4-69)."""

from enum import StrEnum

from identities.inventory.vocabulary import RiskTier
from identities.recertification.models import OnSilence


class Consequence(StrEnum):
    """DISABLE stops it; REDUCE ends what nothing used; REMIND takes nothing. After each it counts as not certified."""

    DISABLE = "disable"
    REDUCE = "reduce"
    REMIND = "remind"


_SAID = {
    OnSilence.DISABLE: Consequence.DISABLE,
    OnSilence.REDUCE: Consequence.REDUCE,
    OnSilence.REMIND: Consequence.REMIND,
}
_BY_TIER = {
    RiskTier.HIGH: Consequence.DISABLE,
    RiskTier.MEDIUM: Consequence.REDUCE,
    RiskTier.LOW: Consequence.REMIND,
}
_STRICTNESS = [RiskTier.LOW, RiskTier.MEDIUM, RiskTier.HIGH]


def of_silence(on_silence: str, tier: str) -> Consequence:
    """The one consequence; a word or a tier that nobody knows is taken as the strictest."""
    if on_silence in _SAID:
        return _SAID[OnSilence(on_silence)]
    return _BY_TIER[RiskTier(tier)] if tier in _BY_TIER else Consequence.DISABLE


def stricter(asked: str, now: str) -> str:
    """The tier that counts: lowering it while the question is open changes nothing, raising it does."""
    known = [_STRICTNESS.index(RiskTier(tier)) if tier in _BY_TIER else len(_STRICTNESS) for tier in (asked, now)]
    return asked if known[0] >= known[1] else now
