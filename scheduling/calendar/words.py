"""An expression in plain English, exact rather than short."""

from collections.abc import Callable, Iterable, Sequence

from scheduling.calendar.expression import DAY_OF_MONTH, HOUR, MINUTE, MONTH, Expression, Field, parse

MOST_TIMES = 12
DAY_NAMES = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTH_NAMES = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
PLACES = ("first", "second", "third", "fourth", "fifth")
ALL_MINUTES = frozenset(range(MINUTE.low, MINUTE.high + 1))
ALL_HOURS = frozenset(range(HOUR.low, HOUR.high + 1))
ALL_DAYS = frozenset(range(DAY_OF_MONTH.low, DAY_OF_MONTH.high + 1))
ALL_MONTHS = frozenset(range(MONTH.low, MONTH.high + 1))
ALL_WEEKDAYS = frozenset(range(7))


def in_words(expression: str) -> str:
    """Say `expression` in a sentence without the time zone; raises BadExpression as `parse` does."""
    understood = parse(expression)
    sentence = f"{_times(understood)}, {_days(understood)}"
    return sentence[0].upper() + sentence[1:]


def _times(expression: Expression) -> str:
    minutes, hours = expression.minute.values, expression.hour.values
    if len(minutes) * len(hours) <= MOST_TIMES:
        return "at " + _list(f"{hour:02}:{minute:02}" for hour in sorted(hours) for minute in sorted(minutes))
    if minutes == {0} and hours == ALL_HOURS:
        return "every hour on the hour"
    if hours == ALL_HOURS and (minutes == ALL_MINUTES or _even_step(minutes, 60)):
        return _minutes(minutes)
    return f"{_minutes(minutes)}{_hours(hours)}"


def _minutes(minutes: frozenset[int]) -> str:
    if minutes == ALL_MINUTES:
        return "every minute"
    step = _even_step(minutes, 60)
    if step:
        return f"every {step} minutes"
    return f"at {'minute' if len(minutes) == 1 else 'minutes'} {_spans(minutes, str)}"


def _hours(hours: frozenset[int]) -> str:
    if hours == ALL_HOURS:
        return " of every hour"
    spans = [f"from {first:02}:00 to {last:02}:59" for first, last in _runs(hours)]
    if len(spans) <= 3:
        return " " + _list(spans)
    return " of the hours " + _list(f"{hour:02}" for hour in sorted(hours))


def _even_step(values: frozenset[int], size: int) -> int:
    """n where the values are 0, n, 2n, … and n divides the whole; else 0."""
    step = size // len(values)
    return step if step > 1 and values == frozenset(range(0, size, step)) and size % step == 0 else 0


def _days(expression: Expression) -> str:
    month_day, week_day = expression.day_of_month, expression.day_of_week
    months = expression.month.values
    any_month_day, any_week_day = month_day.values == ALL_DAYS, week_day.values == ALL_WEEKDAYS
    of_month = "of every month" if months == ALL_MONTHS else f"of {_spans(months, _month)}"
    inside = "" if months == ALL_MONTHS else f" in {_spans(months, _month)}"
    if expression.needs_both_days:
        if any_month_day and any_week_day:
            return f"every day{inside}"
        if any_month_day:
            return f"{_week_days(week_day)}{inside}"
        if any_week_day:
            return f"{_month_days(month_day)} {of_month}"
        return f"{_month_days(month_day)} {of_month}, but only when that is {_when_weekday(week_day)}"
    if any_month_day or any_week_day:
        return f"every day{inside}"
    return f"{_month_days(month_day)} {of_month}, and also {_week_days(week_day)}{inside}"


def _month_days(field: Field) -> str:
    named = [f"the {_spans(field.values, _ordinal, word=' to the ')}"] if field.values else []
    named += ["the last day" for special in field.specials if special == "L"]
    named += ["the last weekday (Monday to Friday)" for special in field.specials if special == "LW"]
    return "on " + _list(dict.fromkeys(named))


def _week_days(field: Field) -> str:
    named = [f"every {_spans(field.values, _weekday)}"] if field.values else []
    if field.values == {1, 2, 3, 4, 5}:
        named = ["Monday to Friday"]
    return _list([*named, *(f"on {text}" for text in _special_week_days(field))])


def _when_weekday(field: Field) -> str:
    named = [f"a {_spans(field.values, _weekday, last=' or ')}"] if field.values else []
    return _list([*named, *_special_week_days(field)], last=" or ")


def _special_week_days(field: Field) -> list[str]:
    found = []
    for special in dict.fromkeys(field.specials):
        day, _, place = special.partition("#")
        if place:
            found.append(f"the {PLACES[int(place) - 1]} {_weekday(int(day) % 7)} of the month")
        else:
            found.append(f"the last {_weekday(int(day[:-1]) % 7)} of the month")
    return found


def _weekday(value: int) -> str:
    return DAY_NAMES[value]


def _month(value: int) -> str:
    return MONTH_NAMES[value - 1]


def _ordinal(value: int) -> str:
    ending = "th" if value in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{ending}"


def _runs(values: Iterable[int]) -> list[tuple[int, int]]:
    """Neighbours taken together: {1, 2, 3, 7} is [(1, 3), (7, 7)]."""
    found: list[tuple[int, int]] = []
    for value in sorted(values):
        if found and found[-1][1] == value - 1:
            found[-1] = (found[-1][0], value)
        else:
            found.append((value, value))
    return found


def _spans(values: Iterable[int], say: Callable[[int], str], *, word: str = " to ", last: str = " and ") -> str:
    said: list[str] = []
    for first, final in _runs(values):
        if final - first >= 2:
            said.append(f"{say(first)}{word}{say(final)}")
        else:
            said += [say(value) for value in range(first, final + 1)]
    return _list(said, last=last)


def _list(said: Iterable[str], *, last: str = " and ") -> str:
    items: Sequence[str] = list(said)
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + last + items[-1]
