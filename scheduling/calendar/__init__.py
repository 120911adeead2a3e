"""Cron in a time zone: what an expression means, when it falls, and how to say it. Pure: no clock, no rows.

The policy, the same in preview, API and run:

- exactly five fields (minute hour day-of-month month day-of-week), names (`MON`, `JAN`), lists, ranges and steps;
  `L` and `LW` as day of month, `5L` and `MON#2` as day of week; no `@daily`, no seconds, no ranges that wrap round;
- days: when both day fields are restricted either one matches (POSIX); a field that starts with `*` counts as
  unrestricted (Vixie), so `*/2` with a weekday asks for both; `?` stands for `*` in exactly one of the two;
- fixed times (neither minute nor hour starts with `*`) that fall into a gap of the clock run once, at the first valid
  instant after it, and in an overlap once, in its first pass; interval patterns follow the clock: nothing in a gap,
  both passes of an overlap;
- the zone is an IANA name; nothing further than eight years away is looked for.
"""

from scheduling.calendar.expression import BadExpression, Expression, parse as parse_expression
from scheduling.calendar.occurrences import (
    MOST_JITTER_SECONDS,
    Calendar,
    Occurrence,
    jitter_of,
    next_after,
    occurrences_between,
    parse,
    upcoming,
)
from scheduling.calendar.words import in_words
from scheduling.calendar.zones import BadTimezone

__all__ = [
    "MOST_JITTER_SECONDS",
    "BadExpression",
    "BadTimezone",
    "Calendar",
    "Expression",
    "Occurrence",
    "in_words",
    "jitter_of",
    "next_after",
    "occurrences_between",
    "parse",
    "parse_expression",
    "upcoming",
]
