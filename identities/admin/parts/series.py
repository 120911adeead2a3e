"""How numbers went from day to day: areas on each other, bars beside each other. Drawn by the server as SVG.

The shapes stretch with the page, so no text is inside them: scale and days stand around. A table says the same. A day
may also be an instant: then the columns are hours or minutes, and named so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import accumulate

from identities.admin.parts.blocks import Block, Empty
from identities.admin.parts.inline import Link

WIDTH, HEIGHT = 1000.0, 300.0
#: A bar takes so much of its day.
BAR = 0.72
LABELS = 5


@dataclass(frozen=True)
class Line:
    """One thing that is counted each day; None is a day of which it is not known. `is_sum`: its figure is all of it."""

    word: str
    tone: str
    values: Sequence[int | float | None]
    is_sum: bool = False

    @property
    def figure(self) -> int | float | None:
        """The number that stands for it in the legend."""
        return sum(value or 0 for value in self.values) if self.is_sum else self.last

    @property
    def last(self) -> int | float | None:
        """The latest known value."""
        return next((value for value in reversed(self.values) if value is not None), None)


@dataclass(frozen=True)
class Shape:
    """A polygon or a bar, with the tone of its line."""

    tone: str
    points: str


@dataclass(frozen=True)
class Spot:
    """The part of the picture that is one day: what hovering over it says."""

    x: float
    width: float
    said: str


@dataclass(frozen=True)
class Series(Block):
    """`lines` over `days`, stacked; `bars` draws a bar a day instead of areas. `key` makes its ids unique on a page."""

    template = "steward/parts/series.html"
    key: str
    title: str
    days: Sequence[date]
    lines: Sequence[Line]
    empty: Empty
    text: str = ""
    more: Link | None = None
    bars: bool = False

    @property
    def is_known(self) -> bool:
        """Whether there is a single number to draw."""
        return any(value is not None for line in self.lines for value in line.values)

    @property
    def top(self) -> int:
        """The highest stack, rounded up to what one reads easily."""
        sums = [
            sum(value or 0 for value in values) for values in zip(*(line.values for line in self.lines), strict=True)
        ]
        return _round_up(max(sums, default=0))

    @property
    def scale(self) -> list[str]:
        """The words beside the picture, from the top down."""
        return [f"{self.top:,}", f"{self.top / 2:,g}" if self.top > 1 else "", "0"]

    @property
    def labels(self) -> list[str]:
        """A few days, evenly apart, the last among them."""
        count = len(self.days)
        places = sorted({round(step * (count - 1) / (LABELS - 1)) for step in range(LABELS)}) if count > 1 else [0]
        return [_short(self.days[place]) for place in places] if count else []

    @property
    def head(self) -> str:
        """The word over the first column of the table."""
        return "From (UTC)" if self.days and isinstance(self.days[0], datetime) else "Day"

    @property
    def described(self) -> str:
        """What the picture says, in a sentence for who cannot see it."""
        if not self.days:
            return ""
        ends = ", ".join(f"{line.word} {line.figure}" for line in self.lines if line.figure is not None)
        when = "In all" if any(line.is_sum for line in self.lines) else "At the end"
        return f"From {_long(self.days[0])} to {_long(self.days[-1])}. {when}: {ends}."

    @property
    def shapes(self) -> list[Shape]:
        """The polygons from the bottom up."""
        below = [0.0] * len(self.days)
        found = []
        for line in self.lines:
            above = [low + (value or 0) for low, value in zip(below, line.values, strict=True)]
            found += self._bars(line, below, above) if self.bars else self._areas(line, below, above)
            below = above
        return found

    @property
    def spots(self) -> list[Spot]:
        """One for each day."""
        width = WIDTH / max(len(self.days), 1)
        return [Spot(round(place * width, 2), round(width, 2), self._said(place)) for place in range(len(self.days))]

    @property
    def table(self) -> list[tuple[str, list[str]]]:
        """The same as rows, newest first."""
        rows = [(_long(day), [_said(line.values[place]) for line in self.lines]) for place, day in enumerate(self.days)]
        return rows[::-1]

    def _said(self, place: int) -> str:
        parts = ", ".join(f"{_said(line.values[place])} {line.word}" for line in self.lines)
        return f"{_long(self.days[place])}: {parts}"

    def _bars(self, line: Line, below: Sequence[float], above: Sequence[float]) -> list[Shape]:
        width = WIDTH / len(self.days)
        room = width * (1 - BAR) / 2
        return [
            Shape(
                line.tone,
                _points(
                    [(place * width + room, low), (place * width + room, high)],
                    [((place + 1) * width - room, low), ((place + 1) * width - room, high)],
                    self.top,
                ),
            )
            for place, (low, high) in enumerate(zip(below, above, strict=True))
            if line.values[place]
        ]

    def _areas(self, line: Line, below: Sequence[float], above: Sequence[float]) -> list[Shape]:
        width = WIDTH / len(self.days)
        found: list[Shape] = []
        for first, last in _stretches([value is not None for value in line.values]):
            # A day is as wide as its column: a single known one is a block, not a line nobody sees.
            xs = [first * width, *((place + 0.5) * width for place in range(first, last + 1)), (last + 1) * width]
            places = [first, *range(first, last + 1), last]
            low = [(x, below[place]) for x, place in zip(xs, places, strict=True)]
            high = [(x, above[place]) for x, place in zip(xs, places, strict=True)]
            found.append(Shape(line.tone, _path(low, high, self.top)))
        return found


@dataclass(frozen=True)
class Spark:
    """A small line without scale: which way it goes. Empty with fewer than two known days."""

    values: Sequence[int | float | None]

    @property
    def points(self) -> str:
        known = [(place, value) for place, value in enumerate(self.values) if value is not None]
        if len(known) < 2:
            return ""
        lowest, highest = min(value for _, value in known), max(value for _, value in known)
        span, last = (highest - lowest) or 1, max(len(self.values) - 1, 1)
        flat = highest == lowest
        return " ".join(
            f"{100 * place / last:.1f},{12 if flat else 22 - 20 * (value - lowest) / span:.1f}"
            for place, value in known
        )


def _points(left: list[tuple[float, float]], right: list[tuple[float, float]], top: int) -> str:
    (x1, low), (_, high) = left
    x2 = right[0][0]
    return " ".join(_at(x, y, top) for x, y in ((x1, low), (x1, high), (x2, high), (x2, low)))


def _path(low: list[tuple[float, float]], high: list[tuple[float, float]], top: int) -> str:
    return " ".join(_at(x, y, top) for x, y in [*high, *reversed(low)])


def _at(x: float, y: float, top: int) -> str:
    return f"{x:.2f},{HEIGHT - HEIGHT * y / top:.2f}"


def _stretches(known: Sequence[bool]) -> list[tuple[int, int]]:
    """First and last place of each unbroken run of known days."""
    starts = [place for place, is_known in enumerate(known) if is_known and (place == 0 or not known[place - 1])]
    ends = [
        place for place, is_known in enumerate(known) if is_known and (place == len(known) - 1 or not known[place + 1])
    ]
    return list(zip(starts, ends, strict=True))


def _round_up(value: float) -> int:
    """The next of 1, 2, 4, 6, 8, 10 times a power of ten: halves of it are whole from 2 on."""
    if value <= 1:
        return 1
    power = next(step for step in accumulate([1] * 15, lambda size, _: size * 10) if step * 10 >= value)
    return next(int(power * step) for step in (1, 2, 4, 6, 8, 10) if power * step >= value)


def _short(day: date) -> str:
    return f"{day.astimezone(UTC):%-d %b %H:%M}" if isinstance(day, datetime) else f"{day.day} {day:%b}"


def _long(day: date) -> str:
    return f"{day.astimezone(UTC):%-d %b %Y, %H:%M}" if isinstance(day, datetime) else f"{day:%-d %b %Y}"


def _said(value: float | None) -> str:
    return "not known" if value is None else f"{value:,}"
