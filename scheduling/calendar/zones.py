"""Time zones by their IANA name, and the instants at which their clocks jump."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

NOT_PLACES = frozenset({"Factory", "localtime", "posixrules"})
ONE_SECOND = timedelta(seconds=1)


class BadTimezone(ValueError):
    """The text is not the name of a time zone we know."""


@lru_cache(maxsize=1)
def names() -> frozenset[str]:
    """Every IANA name there is on this machine; walking the files takes a while, so once."""
    return frozenset(available_timezones()) - NOT_PLACES


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The zone called `name`; offsets such as +02:00 and abbreviations that are no IANA name are refused."""
    if name not in names():
        raise BadTimezone(f"{name[:64]!r} is not an IANA time zone such as Europe/Berlin (offsets are not taken)")
    return ZoneInfo(name)


def offset(place: ZoneInfo, at: datetime) -> timedelta:
    """How far the clocks there are from UTC at that instant."""
    found = at.astimezone(place).utcoffset()
    return found if found is not None else timedelta()


def first_jump(place: ZoneInfo, after: datetime, until: datetime) -> datetime | None:
    """The first instant in (after, until] whose offset is another than at `after`, to the second; None without one.

    Looked for a day at a time: no zone jumps there and back inside a day.
    """
    before, low = offset(place, after), after
    while low < until:
        high = min(low + timedelta(days=1), until)
        if offset(place, high) != before:
            return _narrowed(place, before, low, high)
        low = high
    return None


def _narrowed(place: ZoneInfo, before: timedelta, low: datetime, high: datetime) -> datetime:
    while high - low > ONE_SECOND:
        middle = low + timedelta(seconds=(high - low) // ONE_SECOND // 2)
        if offset(place, middle) == before:
            low = middle
        else:
            high = middle
    return high.astimezone(UTC)
