"""How long each step of a succession has, and which comes next. Pure: no ORM, no clock."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from identities.inventory.vocabulary import RiskTier
from identities.succession.models import Step

ORDER: tuple[Step, ...] = (Step.DEPUTY, Step.TEAM, Step.MANAGER, Step.SECURITY)
#: Days to answer. What can do more harm is without an owner for a shorter time.
DAYS: Mapping[Step, int] = MappingProxyType({Step.DEPUTY: 3, Step.TEAM: 3, Step.MANAGER: 5, Step.SECURITY: 7})
DAYS_OF_HIGH: Mapping[Step, int] = MappingProxyType({Step.DEPUTY: 1, Step.TEAM: 1, Step.MANAGER: 2, Step.SECURITY: 3})


def due(step: Step, *, risk_tier: str, asked_at: datetime) -> datetime:
    """Until when the people of this step may answer."""
    days = DAYS_OF_HIGH if risk_tier == RiskTier.HIGH else DAYS
    return asked_at + timedelta(days=days[step])


def after(step: Step) -> tuple[Step, ...]:
    """The steps that are left after this one."""
    return ORDER[ORDER.index(step) + 1 :]


def longest(*, risk_tier: str) -> timedelta:
    """From the first step to the last default: nobody's identity stays without an owner for longer."""
    days = DAYS_OF_HIGH if risk_tier == RiskTier.HIGH else DAYS
    return timedelta(days=sum(days.values()))
