"""Arithmetic of the one table: is a bound met, is a figure slower than it was. Numbers are compared, never words."""

import math
import re
from dataclasses import dataclass

from benchmarks.tables import Line, Member

# A thousands comma belongs to the number; a comma that ends a clause does not.
_NUMBER = re.compile(r"-?\d+(?:,\d{3})*(?:\.\d+)?")
#: By how much worse a member may be before it is called slower. Processor time is steady; requests a second jump by a
#: third when the machine has other things to do; the clock alone by more.
TOLERANCE: dict[Member, float] = {"cpu_ratio": 0.10, "ratio": 0.33, "value": 0.50}
#: The member by which two runs are compared: the first that a row has.
STEADIEST: tuple[Member, ...] = ("cpu_ratio", "ratio", "value")


def number(text: str) -> float | None:
    """The first number in `text`: 0.31 of "0.31 of (a)", 5.7 of "p50 5.7 s"; None where there is none.

    The digits of a percentile's name are none: p50, p99.
    """
    found = _NUMBER.search(re.sub(r"\bp\d+(\.\d+)?\b", "", text))
    return float(found.group().replace(",", "")) if found else None


def number_of(line: Line, member: Member) -> float | None:
    """What the row says in numbers; infinities and such are no number."""
    found = line.value if member == "value" and line.value is not None else number(_text(line, member))
    return found if found is not None and math.isfinite(found) else None


def is_met(line: Line) -> bool | None:
    """Whether the bound is met; None where the row has no bound, or no number to hold to it."""
    found = number_of(line, line.of)
    if line.bound is None or found is None:
        return None
    return found <= line.bound if _is_smaller_better(line, line.of) else found >= line.bound


def wanted(line: Line) -> str:
    """The bound as a person reads it; the row's own words win."""
    if line.wanted or line.bound is None:
        return line.wanted
    sign = "≤" if _is_smaller_better(line, line.of) else "≥"
    unit = f" {line.unit}" if line.unit and line.of == "value" else ""
    return f"{sign} {line.bound:g}{unit}" + {"value": "", "ratio": "", "cpu_ratio": " (cpu)"}[line.of]


@dataclass(frozen=True)
class Change:
    """Against an earlier run: `gain` 0.12 is 12 % better, -0.12 as much worse, by the member that was compared."""

    gain: float
    member: Member

    @property
    def is_slower(self) -> bool:
        # A change of exactly the tolerance is still within it, whatever the last bit says.
        return self.gain < -TOLERANCE[self.member] - 1e-9

    def __str__(self) -> str:
        percent = f"{100 * self.gain:+.0f} %".replace("-0 %", "+0 %")
        return f"slower {percent}" if self.is_slower else percent


def change(line: Line, earlier: dict[Member, float | None]) -> Change | None:
    """How the row does beside an earlier run of it, by the steadiest member that both have and that was not nothing."""
    for member in STEADIEST:
        now, then = number_of(line, member), earlier.get(member)
        if now is None or then is None or then <= 0 or now <= 0:
            continue
        better = then / now if _is_smaller_better(line, member) else now / then
        return Change(better - 1, member)
    return None


def _text(line: Line, member: Member) -> str:
    return {"value": line.figure, "ratio": line.ratio, "cpu_ratio": line.cpu_ratio}[member]


def _is_smaller_better(line: Line, member: Member) -> bool:
    return member == "value" and (line.smaller_is_better or _unit(line) in {"ms", "s", "MB", "queries", "errors"})


def _unit(line: Line) -> str:
    """The unit said, or the word behind the figure's first number."""
    if line.unit:
        return line.unit
    behind = re.search(r"\d\s*([A-Za-z/]+)", re.sub(r"\bp\d+(\.\d+)?\b", "", line.figure))
    return behind.group(1) if behind else ""
