"""Rhythms that come with it, by tier: what a plan is filled in with before somebody changes it. Pure (S4-65)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Preset:
    """A plan as it is offered; `needs_end`: such a rhythm goes on until a project ends, so it asks for that day."""

    key: str
    label: str
    name: str
    scope: Mapping[str, Any]
    every_days: int
    answer_days: int
    needs_end: bool = False


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        one.key: one
        for one in (
            Preset("high", "High tier, quarterly", "Review of the high tier", {"riskTier": "high"}, 90, 14),
            Preset("medium", "Medium tier, half-yearly", "Review of the medium tier", {"riskTier": "medium"}, 182, 14),
            Preset("low", "Low tier, yearly", "Review of the low tier", {"riskTier": "low"}, 365, 14),
            Preset("temporary", "Temporary, weekly", "Review of the temporary", {"temporary": True}, 7, 5, True),
        )
    }
)
