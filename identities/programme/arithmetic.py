"""The arithmetic of numbers: shares, medians from a histogram, averages, and what counts add up to. Pure.

None is "not known": it is never turned into a nought, and a sum with an unknown part counts the known ones only.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from identities.detections.categories import TOP_TEN
from identities.programme.catalogue import MEASURES
from identities.programme.measure import Measure, Unit

Value = int | float | None


@dataclass(frozen=True, slots=True)
class Number:
    """What was measured. `value` None is unknown; `of` is the whole, `unknown` how many of it are not known.

    `parts` breaks a count down (by environment) where that is known.
    """

    key: str
    value: Value
    of: int | None = None
    unknown: int | None = None
    parts: Mapping[str, int] = field(default_factory=dict)

    @property
    def measure(self) -> Measure:
        return MEASURES[self.key]

    @property
    def percent(self) -> float | None:
        """A share in percent, with one place; None where nothing is known or there is nothing to share."""
        return percent(self.value, self.of)

    @property
    def missing(self) -> int | None:
        """How many of the whole do not have it; only for a share."""
        if self.measure.unit is not Unit.SHARE or self.value is None or self.of is None:
            return None
        return self.of - int(self.value)

    @property
    def shown(self) -> Value:
        """The value as it is compared over time: a share in percent, everything else as it is."""
        return self.percent if self.measure.unit is Unit.SHARE else self.value

    @property
    def listed(self) -> int | None:
        """How many rows the list behind it has: of a time or an age, those that it was measured on."""
        if self.measure.unit is Unit.DAYS:
            return None if self.of is None else self.of - (self.unknown or 0)
        return None if self.value is None else int(self.value)


@dataclass(slots=True)
class Tally:
    """What was counted for one team or one tenant: counts by key, and how many were rotated how many days ago.

    A key that is not in `counts` was not counted: its number is unknown. Tallies of teams add up to their tenant's.
    """

    counts: Counter[str] = field(default_factory=Counter)
    ages: Counter[int] = field(default_factory=Counter)
    means: dict[str, float] = field(default_factory=dict)
    parts: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, other: "Tally") -> None:
        """Take in another team's. Averages do not add up: they are measured, or unknown."""
        for key, count in other.counts.items():
            self.counts[key] += count
        self.ages.update(other.ages)
        for key, found in other.parts.items():
            self.parts.setdefault(key, Counter()).update(found)


def percent(value: Value, of: int | None) -> float | None:
    """`value` of `of` in percent with one place; 100 only when it is all, 0 only when it is none."""
    if value is None or not of:
        return None
    found = round(100 * value / of, 1)
    if found >= 100 and value < of:
        return 99.9
    return 0.1 if found <= 0 < value else found


def median(ages: Mapping[int, int]) -> float | None:
    """The median of a histogram {age: how many}; None of nothing."""
    total = sum(ages.values())
    if not total:
        return None
    return (_at(ages, (total + 1) // 2) + _at(ages, total // 2 + 1)) / 2


def _at(ages: Mapping[int, int], place: int) -> int:
    """The age of the `place`-th, counted from 1 in order of age."""
    ordered = sorted(ages)
    return next(
        age for age, passed in zip(ordered, accumulate(ages[age] for age in ordered), strict=True) if passed >= place
    )


def mean(values: Sequence[float]) -> float | None:
    """The average; None of nothing."""
    return sum(values) / len(values) if values else None


def conclude(tally: Tally) -> dict[str, Number]:
    """Every number of the catalogue, from what was counted; unknown is what was not."""
    return {key: _number(measure, tally) for key, measure in MEASURES.items()}


def _number(measure: Measure, tally: Tally) -> Number:
    counts = tally.counts
    value: Value = counts.get(measure.key)
    if measure.unit is Unit.DAYS:
        value = median(tally.ages)
    elif measure.unit is Unit.SECONDS:
        value = tally.means.get(measure.key)
    return Number(
        key=measure.key,
        value=value,
        of=counts.get(measure.of),
        unknown=counts.get(measure.unknown),
        parts=dict(sorted(tally.parts.get(measure.key, {}).items())),
    )


def added(kept: Iterable[Mapping[str, Sequence[Any]]]) -> dict[str, Number]:
    """The numbers of several snapshots together. A median or an average of several is unknown, unless there is one.

    Without a number of each: the days of fifty tenants hold a hundred thousand.
    """
    found = list(kept)
    if len(found) == 1:
        return unpacked(found[0])
    return {key: _sum(key, [each[key] for each in found if key in each]) for key in MEASURES}


def _sum(key: str, kept: Sequence[Sequence[Any]]) -> Number:
    known = [number for number in kept if number[0] is not None]
    if MEASURES[key].unit in {Unit.DAYS, Unit.SECONDS} or not known:
        return Number(key, None)
    parts: dict[str, int] = {}
    for number in known:
        for word, count in number[3].items() if len(number) > 3 else ():
            parts[word] = parts.get(word, 0) + count
    return Number(
        key=key,
        value=sum(number[0] for number in known),
        of=_total(number[1] for number in known),
        unknown=_total(number[2] for number in known),
        parts=dict(sorted(parts.items())),
    )


def _total(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def packed(numbers: Mapping[str, Number]) -> dict[str, list[object]]:
    """The numbers as a snapshot keeps them: {key: [value, of, unknown, parts]}, without what is all unknown."""
    return {
        key: [number.value, number.of, number.unknown, *([dict(number.parts)] if number.parts else [])]
        for key, number in numbers.items()
        if (number.value, number.of, number.unknown) != (None, None, None)
    }


def unpacked(kept: Mapping[str, Sequence[object]]) -> dict[str, Number]:
    """The numbers of a snapshot; those it does not hold are unknown, words nobody knows any more are passed over."""
    found = {key: Number(key, *kept[key]) for key in MEASURES if key in kept}  # type: ignore[arg-type]  # from JSON
    return {key: found.get(key, Number(key, None)) for key in MEASURES}


#: The number of each category of findings.
FINDING_KEYS: Mapping[str, str] = {risk.code: risk.code.lower() for risk in TOP_TEN}
