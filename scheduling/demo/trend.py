"""The numbers of the weeks before, worked back from those of today: the shape of a programme that gets on. Pure.

The estate grew, with a jump a fortnight ago when two exports came in: ownership lagged behind it for some days and
then caught up (what S3-62 warns of); dormant ones, overdue rotations and findings went down.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import timedelta

from identities.programme.catalogue import MEASURES
from identities.programme.measure import Unit

Kept = dict[str, list[object]]
Curve = Sequence[tuple[int, float]]

#: By days ago, what part of today's number it was; between two points in a straight line.
GROWTH: Curve = ((30, 0.66), (29, 0.72), (28, 0.79), (15, 0.83), (14, 0.95), (9, 0.96), (0, 1.0))
COVERAGE: Curve = ((30, 0.70), (20, 0.84), (15, 0.90), (14, 0.81), (10, 0.83), (5, 0.95), (0, 1.0))
SLOW: Curve = ((30, 0.62), (15, 0.78), (0, 1.0))
WORSE: Curve = ((30, 1.9), (20, 1.6), (14, 1.7), (7, 1.25), (0, 1.0))
SLIGHTLY: Curve = ((30, 1.65), (15, 1.4), (14, 1.6), (7, 1.15), (0, 1.0))
RED: Curve = ((30, 1.7), (15, 1.5), (14, 1.75), (6, 1.2), (0, 1.0))
#: Curves of their own; a share rises as COVERAGE, a count of something bad falls as WORSE.
CURVES: Mapping[str, Curve] = {
    "total": GROWTH,
    "amber": ((30, 1.15), (15, 1.05), (14, 1.2), (0, 1.0)),
    "red": RED,
    "green": SLOW,
    "owned": COVERAGE,
    "short_lived": SLOW,
    "federated": SLOW,
    "unobserved": SLIGHTLY,
    "findings": SLIGHTLY,
}
#: What is told by rows that the loader makes as well; see `counted`.
COUNTED = ("tokens_today", "failed_sign_ins", "violations")


def past_numbers(today: Mapping[str, Sequence[object]], *, days_ago: int) -> Kept:
    """A snapshot's numbers of so many days ago, from today's as a snapshot keeps them; every part stays a part."""
    size = {key: _scaled(today, key, days_ago) for key in today if key in MEASURES and key not in COUNTED}
    total = size.get("total", 0)
    red, amber = min(size.get("red", 0), total), size.get("amber", 0)
    size |= {"red": red, "amber": min(amber, total - red), "green": max(total - red - amber, 0)}
    return {key: _kept(today, key, size, days_ago) for key in size if key in today}


def _scaled(today: Mapping[str, Sequence[object]], key: str, days_ago: int) -> int:
    value = today[key][0]
    if not isinstance(value, int | float):
        return 0
    measure = MEASURES[key]
    curve = CURVES.get(key) or (COVERAGE if measure.better > 0 else WORSE if measure.better < 0 else GROWTH)
    of_estate = at(GROWTH, days_ago) if key != "total" else 1.0
    return round(value * at(curve, days_ago) * of_estate)


def _kept(today: Mapping[str, Sequence[object]], key: str, size: Mapping[str, int], days_ago: int) -> list[object]:
    value, of, unknown = (*today[key], None, None, None)[:3]
    grown = at(GROWTH, days_ago)
    if value is None:
        return [None, _part(of, grown), _part(unknown, grown)]
    whole = size[MEASURES[key].of] if MEASURES[key].of in size else _part(of, grown)
    if MEASURES[key].unit in (Unit.DAYS, Unit.SECONDS):
        return [round(float(str(value)) * at(SLIGHTLY, days_ago), 1), whole, _part(unknown, grown)]
    found = size[key] if whole is None else min(size[key], whole)
    lacking = _part(unknown, grown)
    return [found, whole, lacking if lacking is None or whole is None else min(lacking, whole - min(found, whole))]


def _part(number: object, factor: float) -> int | None:
    return round(number * factor) if isinstance(number, int | float) else None


def at(curve: Curve, days_ago: int) -> float:
    """The height of a curve so many days ago; beyond its ends that of the end."""
    points = sorted(curve)
    place = bisect_right([days for days, _ in points], days_ago)
    if place == 0:
        return points[0][1]
    if place == len(points):
        return points[-1][1]
    (left, low), (right, high) = points[place - 1], points[place]
    return low + (high - low) * (days_ago - left) / (right - left)


#: So long before now a day's last count was taken.
LAST_COUNT = timedelta(hours=23, minutes=59)
