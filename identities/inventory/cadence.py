"""How often an identity is reviewed, by its risk tier (S4-65), and how often it is expected to work. Pure."""

from datetime import date, timedelta

from identities.inventory import rhythm
from identities.inventory.standards import DEFAULTS, Standards

DAYS_BY_TIER = DEFAULTS.review_days


def review_by(risk_tier: str, *, today: date, standards: Standards = DEFAULTS) -> date:
    """The last day for the next review of an identity of `risk_tier` that was looked at `today`."""
    return today + timedelta(days=standards.review_days[risk_tier])


def parse(text: str) -> timedelta:
    """The time between two uses that a cadence promises: a word (every_minute, daily, yearly) or ISO 8601 (PT5M, P1Y).

    Raises ValueError for what promises none.
    """
    seconds = rhythm.seconds_of(text)
    if seconds is None:
        raise ValueError(text)
    return timedelta(seconds=seconds)
