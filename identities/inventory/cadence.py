"""When an identity is due for review, by its risk tier (S4-65). Pure."""

from datetime import date, timedelta

DAYS_BY_TIER = {"low": 365, "medium": 180, "high": 90}


def review_by(risk_tier: str, *, today: date) -> date:
    """The last day for the next review of an identity of `risk_tier` that was looked at `today`."""
    return today + timedelta(days=DAYS_BY_TIER[risk_tier])
