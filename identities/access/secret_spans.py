"""Until when a grant of a secret may last, and when it is not needed. Pure."""

from datetime import datetime, timedelta

from identities.errors import Invalid

#: A year, leap or not.
LONGEST = timedelta(days=366)
USUAL = timedelta(days=365)
LEAST_SILENCE = timedelta(days=30)


def check(valid_until: datetime, at: datetime) -> datetime:
    """The end as it is kept. Raises Invalid, member `valid_until`, for one that is past or more than a year away."""
    if valid_until <= at:
        raise Invalid({"valid_until": ["It lies in the past."]})
    if valid_until > at + LONGEST:
        raise Invalid({"valid_until": ["At most a year from now: extend it then, if it is still needed."]})
    return valid_until


def usual(expires_at: datetime | None, at: datetime) -> datetime:
    """The end of a grant that nobody gave one: that of its identity where this comes within a year, else a year."""
    year = at + USUAL
    return expires_at if expires_at is not None and at < expires_at < year else year


def silence(cadence: timedelta | None) -> timedelta:
    """How long a reader may go without reading: twice its cadence, at least thirty days."""
    return max(LEAST_SILENCE, 2 * min(cadence, LONGEST)) if cadence else LEAST_SILENCE


def is_unread(since: datetime, last_used_at: datetime | None, cadence: timedelta | None, at: datetime) -> bool:
    """Whether a grant that stands `since` then was not needed for so long that it can go."""
    return max(since, last_used_at or since) + silence(cadence) <= at
