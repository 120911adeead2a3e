"""The expected occurrences, worked out minute by minute and without the product: the checker's own calendar."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


def occurrences(expression: str, zone: str, first: datetime, last: datetime) -> Iterator[datetime]:
    """Every minute from `first` to `last`, both included, that matches; numbers, lists, ranges, steps and `*` only.

    No zone changes its clocks within the minutes of a run, so neither gaps nor doubled hours are thought of.
    """
    minutes, hours, *days = expression.split()
    if days != ["*", "*", "*"]:
        raise ValueError(f"this calendar knows no days: {expression}")
    wanted, of_day, place = _values(minutes, 60), _values(hours, 24), ZoneInfo(zone)
    at = first.replace(second=0, microsecond=0)
    while at <= last:
        there = at.astimezone(place)
        if at >= first and there.minute in wanted and there.hour in of_day:
            yield at
        at += MINUTE


def _values(field: str, size: int) -> set[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        begin, _, end = ("0", "-", str(size - 1)) if span == "*" else span.partition("-")
        found.update(range(int(begin), int(end or begin) + 1, int(step or 1)))
    return found
