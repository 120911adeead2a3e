"""Five fields of text, checked with a reason for each thing that is wrong."""

import re
from dataclasses import dataclass
from functools import lru_cache

LONGEST = 256
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
MOST_DAYS = {1: 31, 2: 29, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}


class BadExpression(ValueError):
    """The text is no cron expression we take; the message says which field and why."""


@dataclass(frozen=True)
class Kind:
    """One of the five places: its name, its bounds and the words it takes."""

    name: str
    low: int
    high: int
    words: tuple[str, ...] = ()
    first_word: int = 0

    def number(self, text: str) -> int:
        if text in self.words:
            return self.words.index(text) + self.first_word
        if not re.fullmatch(r"[0-9]+", text):
            raise BadExpression(f"{self.name}: {text!r} is not a number{' or a name' if self.words else ''}")
        value = int(text)
        if not self.low <= value <= self.high:
            raise BadExpression(f"{self.name}: {value} is not between {self.low} and {self.high}")
        return value


MINUTE = Kind("minute", 0, 59)
HOUR = Kind("hour", 0, 23)
DAY_OF_MONTH = Kind("day of month", 1, 31)
MONTH = Kind("month", 1, 12, MONTHS, 1)
DAY_OF_WEEK = Kind("day of week", 0, 7, DAYS, 0)
KINDS = (MINUTE, HOUR, DAY_OF_MONTH, MONTH, DAY_OF_WEEK)


@dataclass(frozen=True)
class Field:
    """One field understood. `values` are plain numbers (Sunday is 0); `specials` are `L`, `LW`, `5L`, `1#2`."""

    text: str
    values: frozenset[int]
    specials: tuple[str, ...] = ()

    @property
    def starts_with_star(self) -> bool:
        return self.text.startswith("*")


@dataclass(frozen=True)
class Expression:
    """Five understood fields; `text` is what the calendar engine is given."""

    minute: Field
    hour: Field
    day_of_month: Field
    month: Field
    day_of_week: Field

    @property
    def text(self) -> str:
        fields = (self.minute, self.hour, self.day_of_month, self.month, self.day_of_week)
        return " ".join(field.text for field in fields)

    @property
    def is_fixed_time(self) -> bool:
        """Whether the clock's gaps and overlaps are made up for (as Debian's cron has it)."""
        return not (self.minute.starts_with_star or self.hour.starts_with_star)

    @property
    def needs_both_days(self) -> bool:
        return self.day_of_month.starts_with_star or self.day_of_week.starts_with_star


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Understand `text` or raise BadExpression with the reason."""
    parts = _parts(text)
    fields = [_field(kind, part) for kind, part in zip(KINDS, parts, strict=True)]
    expression = Expression(*fields)
    _check_days_exist(expression)
    return expression


def _parts(text: str) -> list[str]:
    if len(text) > LONGEST:
        raise BadExpression(f"longer than {LONGEST} characters")
    if not re.fullmatch(r"[\x20-\x7e\t]*", text):
        raise BadExpression("holds characters that no cron expression has")
    if text.strip().startswith("@"):
        raise BadExpression("shorthands such as @daily are not taken; write the five fields")
    parts = text.upper().split()
    if len(parts) != len(KINDS):
        raise BadExpression(f"exactly five fields are needed (minute hour day month weekday), not {len(parts)}")
    return _without_question_mark(parts)


def _without_question_mark(parts: list[str]) -> list[str]:
    marked = [place for place, part in enumerate(parts) if "?" in part]
    if not marked:
        return parts
    if len(marked) > 1 or marked[0] not in (2, 4) or parts[marked[0]] != "?":
        raise BadExpression("? may stand alone in one of the two day fields only")
    return [part if place not in marked else "*" for place, part in enumerate(parts)]


def _field(kind: Kind, text: str) -> Field:
    values: set[int] = set()
    specials: list[str] = []
    terms: list[str] = []
    for term in text.split(","):
        special = _special(kind, term)
        if special:
            specials.append(special)
            terms.append(special)
            continue
        found, written = _term(kind, term)
        values |= found
        terms.append(written)
    if kind is DAY_OF_WEEK:
        values = {value % 7 for value in values}
    return Field(",".join(terms), frozenset(values), tuple(specials))


def _special(kind: Kind, term: str) -> str:
    if kind is DAY_OF_MONTH and term in ("L", "LW"):
        return term
    if kind is not DAY_OF_WEEK:
        return ""
    if match := re.fullmatch(r"([A-Z0-9]+)L", term):
        return f"{kind.number(match[1])}L"
    if match := re.fullmatch(r"([A-Z0-9]+)#([0-9]+)", term):
        day, place = kind.number(match[1]), int(match[2])
        if not 1 <= place <= 5:
            raise BadExpression(f"{kind.name}: #{place} is not between #1 and #5")
        return f"{day}#{place}"
    return ""


def _term(kind: Kind, term: str) -> tuple[set[int], str]:
    """The numbers of one term, and the term as the engine reads it alike."""
    span, slash, step_text = term.partition("/")
    step = _step(kind, step_text) if slash else 1
    if span == "*":
        return set(range(kind.low, kind.high + 1, step)), term
    first_text, dash, last_text = span.partition("-")
    first = kind.number(first_text)
    if not dash:
        return ({first}, str(first)) if not slash else (set(range(first, kind.high + 1, step)), term)
    last = kind.number(last_text)
    if last < first:
        raise BadExpression(f"{kind.name}: the range {span} runs backwards")
    # The engine takes 5-5/2 for 5/2; a range of one is that one.
    return set(range(first, last + 1, step)), str(first) if first == last else term


def _step(kind: Kind, text: str) -> int:
    if not re.fullmatch(r"[0-9]+", text):
        raise BadExpression(f"{kind.name}: {text!r} is not a step")
    if int(text) == 0:
        raise BadExpression(f"{kind.name}: a step of 0 never ends")
    return int(text)


def _check_days_exist(expression: Expression) -> None:
    """`30 2`-like pairs never come; with a weekday beside them either matches, so the pair may stand."""
    day, months = expression.day_of_month, expression.month.values
    if not expression.needs_both_days or day.specials:
        return
    if min(day.values) > max(MOST_DAYS[month] for month in months):
        raise BadExpression(f"day of month: {min(day.values)} does not exist in the months named")
