"""Whether the programme is on course: the first five controls, the four phases, trends and two warnings. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from identities.programme.arithmetic import Number
from identities.programme.catalogue import CONTROLS, PHASES
from identities.programme.measure import Group

Numbers = Mapping[str, Number]
#: A control is in place when it holds for so much of the estate: the last ones are exceptions with a reason.
IN_PLACE = 95.0
#: What moves less than this is flat: percentage points of a share, part of a count or a time.
FLAT_POINTS, FLAT_PART = 1.0, 0.05
SECURITY = ("owned", "bounded", "rotated_in_time", "short_lived")


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a checklist: `percent` None is not known. It ticks itself."""

    number: Number

    @property
    def percent(self) -> float | None:
        return self.number.percent

    @property
    def is_done(self) -> bool:
        return self.percent is not None and self.percent >= IN_PLACE


@dataclass(frozen=True, slots=True)
class Move:
    """How a number moved since a day: `by` in its own unit; `is_good` None where it is flat or neither."""

    by: float
    is_good: bool | None

    @property
    def direction(self) -> int:
        return (self.by > 0) - (self.by < 0)


@dataclass(frozen=True, slots=True)
class Caution:
    """Something the numbers say only together."""

    code: str
    title: str
    text: str


def controls(numbers: Numbers) -> list[Step]:
    """The first five controls, in order (S3-54)."""
    return [Step(numbers[key]) for key in CONTROLS]


def phases(numbers: Numbers) -> list[Step]:
    """The four phases, in order (S4-72)."""
    return [Step(numbers[key]) for key in PHASES]


def current_phase(steps: Sequence[Step]) -> int:
    """The number of the first phase that is not done, counted from 1; past the last when all are."""
    return next((place for place, step in enumerate(steps, 1) if not step.is_done), len(steps) + 1)


def move(now: Number, before: Number | None) -> Move | None:
    """How a number moved; None where it is not known at both ends, for that is no move to nought."""
    if before is None or now.shown is None or before.shown is None:
        return None
    by = round(now.shown - before.shown, 1)
    better = now.measure.better
    return Move(by, None if not by or not better else (by > 0) is (better > 0))


def warnings(now: Numbers, before: Numbers | None) -> list[Caution]:
    """What the last weeks say that no single number does; nothing without a day to compare with."""
    if before is None:
        return []
    found = []
    if _outgrown(now, before):
        text = (
            f"There are {_difference(now['total'], before['total'])} more identities than a month ago, "
            f"and still {now['owned'].percent:.0f} % of them have an owner. Assign owners as they come in."
        )
        found.append(Caution("growth_without_owners", "The estate grows faster than its ownership", text))
    worse = _slower(now, before)
    if worse and _safer(now, before):
        text = f"Security numbers improve, but this takes longer: {', '.join(worse)}. People may be going around it."
        found.append(Caution("delivery_worsens", "Security improves while delivery slows down", text))
    return found


def _outgrown(now: Numbers, before: Numbers) -> bool:
    """S3-62: the count rises while ownership coverage is flat or falls."""
    coverage = move(now["owned"], before["owned"])
    grown = _part(now["total"], before["total"])
    return coverage is not None and grown is not None and grown > FLAT_PART and coverage.by < FLAT_POINTS


def _safer(now: Numbers, before: Numbers) -> bool:
    moves = [found for key in SECURITY if (found := move(now[key], before[key])) is not None]
    return any(found.by >= FLAT_POINTS for found in moves) and not any(found.by <= -FLAT_POINTS for found in moves)


def _slower(now: Numbers, before: Numbers) -> list[str]:
    """S4-82: the delivery times that grew."""
    times = [number for number in now.values() if number.measure.group is Group.DELIVERY]
    grown = [(number, _part(number, before.get(number.key))) for number in times]
    return [number.measure.label.lower() for number, part in grown if part is not None and part > FLAT_PART]


def _part(now: Number, before: Number | None) -> float | None:
    if before is None or now.value is None or not before.value:
        return None
    return (now.value - before.value) / before.value


def _difference(now: Number, before: Number) -> int:
    return int((now.value or 0) - (before.value or 0))
