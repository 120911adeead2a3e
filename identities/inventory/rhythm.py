"""How often something is expected to show itself, read from the words a person wrote. Pure."""

import re

MINUTE, HOUR, DAY = 60, 3600, 86_400
_UNITS = {
    "second": 1,
    "minute": MINUTE,
    "hour": HOUR,
    "day": DAY,
    "week": 7 * DAY,
    "fortnight": 14 * DAY,
    "month": 31 * DAY,
    "quarter": 92 * DAY,
    "year": 366 * DAY,
}
_WORDS = {
    "continuous": MINUTE,
    "continuously": MINUTE,
    "minutely": MINUTE,
    "hourly": HOUR,
    "daily": DAY,
    "nightly": DAY,
    "weekly": 7 * DAY,
    "biweekly": 14 * DAY,
    "fortnightly": 14 * DAY,
    "monthly": 31 * DAY,
    "quarterly": 92 * DAY,
    "half-yearly": 184 * DAY,
    "biannually": 184 * DAY,
    "yearly": 366 * DAY,
    "annually": 366 * DAY,
    "annual": 366 * DAY,
}
_SHORT = {
    "s": "second",
    "sec": "second",
    "m": "minute",
    "min": "minute",
    "h": "hour",
    "d": "day",
    "w": "week",
    "mo": "month",
    "y": "year",
}
_COUNTED = re.compile(r"(?:every\s+)?([0-9]{1,9})?\s*([a-z]+)")
_ISO = re.compile(
    r"p(?:([0-9]{1,4})y)?(?:([0-9]{1,4})m)?(?:([0-9]{1,4})w)?(?:([0-9]{1,5})d)?"
    r"(?:t(?:([0-9]{1,6})h)?(?:([0-9]{1,7})m)?(?:([0-9]{1,9})s)?)?"
)
_ISO_UNITS = ("year", "month", "week", "day", "hour", "minute", "second")
#: Ten years: beyond it nobody can tell silence from an end.
LONGEST = 3660 * DAY


def seconds_of(text: str) -> int | None:
    """The seconds between two uses that `text` promises, or None where it promises none ("on demand", unreadable).

    Read are words (`daily`), counts (`every 15 minutes`, `2h`, `every month`) and ISO 8601 durations (`PT15M`, `P1D`).
    A month is 31 days, a year 366: a cadence is the longest gap that is still regular.
    """
    plain = " ".join(text.lower().replace("_", " ").split()).replace("per ", "every ", 1)
    if plain in _WORDS:
        return _WORDS[plain]
    found = _counted(plain) or _iso(plain)
    return found if found is not None and 0 < found <= LONGEST else None


def span(seconds: int) -> str:
    """`seconds` as people say it, rounded down to what matters: "38 days", "1 day 2 hours", "2 hours"."""
    parts: list[str] = []
    left = seconds
    for name, size in (("day", DAY), ("hour", HOUR), ("minute", MINUTE), ("second", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count:,} {name}{'' if count == 1 else 's'}")
    return " ".join(parts[: 1 if seconds >= 3 * DAY else 2]) or "0 seconds"


def _counted(text: str) -> int | None:
    match = _COUNTED.fullmatch(text)
    if match is None or not (match[1] or text.startswith("every")):
        return None
    unit = _SHORT.get(match[2], match[2].removesuffix("s"))
    return int(match[1] or 1) * _UNITS[unit] if unit in _UNITS else None


def _iso(text: str) -> int | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    counts = zip(_ISO_UNITS, match.groups(), strict=True)
    return sum(int(count) * _UNITS[unit] for unit, count in counts if count)
