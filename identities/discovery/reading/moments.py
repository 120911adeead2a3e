"""When: the ways in which exports write a time, read into UTC. Pure."""

from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final


class Never(Enum):
    """The marker of an end that never comes, such as 9999-12-31."""

    NEVER = "never"


NEVER: Final = Never.NEVER
UNKNOWN_WORDS = frozenset(
    {"", "n/a", "na", "no_information", "not_supported", "none", "null", "nil", "-", "unknown", "false", "true"}
)
NEVER_WORDS = frozenset({"never", "does not expire", "no expiry", "unlimited"})
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Beyond this a count of seconds is one of milliseconds (the year 5138 in seconds, 1973 in milliseconds).
MILLISECONDS = 10**11
#: The year 9999 in seconds, which would otherwise be a few days of 1978 in milliseconds.
LAST_YEAR = (253_370_764_800, 253_402_300_799)


def parse(value: object) -> datetime | Never | None:
    """The moment that `value` writes, in UTC; NEVER for the year 9999 and for words that say so; None if not known.

    Read are ISO 8601 (a time without a zone is UTC, a date is its midnight) and counts of seconds or milliseconds.
    The year 0, the year 1 and whatever else lies before 1970 are what programs write for "not set": not known.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _counted(value)
    text = str(value).strip()
    if text.lower() in NEVER_WORDS or text.startswith("9999-"):
        return NEVER
    if text.lower() in UNKNOWN_WORDS or len(text) > 40:
        return None
    if text.isascii() and text.isdigit() and len(text) > 8:
        return _counted(int(text))
    return _written(text)


def moment(value: object) -> datetime | None:
    """As `parse`, where never and not known are the same: when something was made, used or changed."""
    found = parse(value)
    return found if isinstance(found, datetime) else None


def latest(*moments: datetime | None) -> datetime | None:
    """The last of those that are known."""
    return max((at for at in moments if at is not None), default=None)


def _written(text: str) -> datetime | Never | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if at.year < EPOCH.year:
        return None
    if at.year == 9999:
        return NEVER
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _counted(count: float) -> datetime | Never | None:
    if LAST_YEAR[0] <= count <= LAST_YEAR[1]:
        return NEVER
    try:
        seconds = count / 1000 if abs(count) >= MILLISECONDS else count
        if not seconds > 0:
            return None
        at = EPOCH + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return NEVER
    return NEVER if at.year == 9999 else at
