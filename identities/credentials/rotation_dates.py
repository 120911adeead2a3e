"""When a secret should be replaced: by risk tier, sooner where the internet can reach it (S3-77). Pure."""

from datetime import datetime, timedelta

from identities.inventory.standards import DEFAULTS, Standards

DAYS_BY_TIER = DEFAULTS.rotation_days


def interval_days(
    risk_tier: str, *, internet_exposed: bool, own_days: int | None = None, standards: Standards = DEFAULTS
) -> int:
    """Days between two rotations: the identity's own figure, but never more than its tier allows. At least one."""
    days = max(1, standards.rotation_days[risk_tier] // (2 if internet_exposed else 1))
    return min(own_days, days) if own_days else days


def rotate_by(
    created_at: datetime,
    risk_tier: str,
    *,
    internet_exposed: bool,
    own_days: int | None = None,
    standards: Standards = DEFAULTS,
) -> datetime:
    """The day a secret made at `created_at` is due; passing it alarms and never stops anything (S0-35, a2-1)."""
    days = interval_days(risk_tier, internet_exposed=internet_exposed, own_days=own_days, standards=standards)
    return created_at + timedelta(days=days)
