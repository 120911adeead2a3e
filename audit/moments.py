"""How a time is written for others: RFC 3339 in UTC, with a Z at its end. Pure."""

from datetime import UTC, datetime


def zulu(at: datetime, timespec: str = "auto") -> str:
    """`at` in UTC; `timespec` as `datetime.isoformat` has it (auto: microseconds only where there are any)."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=timespec) + "Z"
