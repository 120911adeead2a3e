"""Until when a grant of a secret may last. Pure."""

from datetime import datetime, timedelta

from identities.errors import Invalid

#: A year, leap or not.
LONGEST = timedelta(days=366)
USUAL = timedelta(days=365)


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
