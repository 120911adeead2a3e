"""Where a number leads: the list whose rows it counts, narrowed as the number is; and how a number is written."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.urls import NoReverseMatch, reverse

from identities.access.matrix import Duty
from identities.admin.pages import list_of
from identities.admin.parts.inline import Link
from identities.admin.parts.measured import Measured, Progress, Trend
from identities.admin.parts.series import Spark
from identities.admin.scope import Scope
from identities.programme.arithmetic import Number
from identities.programme.course import Move, Step
from identities.programme.measure import Measure, Unit
from identities.programme.slices import Slice

#: The lists by the word of the catalogue: the model whose pages they are, and the duty of reading them.
LISTS: Mapping[str, tuple[str, Duty]] = {
    "identities": ("identities.ManagedIdentity", Duty.READ_REGISTER),
    "findings": ("identities.Finding", Duty.READ_REGISTER),
    "decisions": ("identities.AuthorizationDecision", Duty.READ_AUDIT),
    "audit": ("audit.AuditEvent", Duty.READ_AUDIT),
}
#: Lists that know neither team nor pilot.
WHOLE = frozenset({"decisions", "audit"})
ARROWS = {1: "▲", -1: "▼", 0: "►"}


def address(measure: Measure, query: str, slice_: Slice, scope: Scope) -> str:
    """The list behind `query` of a measure; empty where there is none, or this person may not read it."""
    if not measure.listed or (measure.listed in WHOLE and not slice_.is_whole):
        return ""
    asked = "&".join(part for part in (query, "" if measure.listed in WHOLE else slice_.narrowing()) if part)
    if measure.listed.startswith("reports/"):
        if not scope.may(Duty.REPORT):
            return ""
        return report_address(measure.listed.removeprefix("reports/"), asked)
    label, duty = LISTS[measure.listed]
    try:
        found = list_of(apps.get_model(label)) if scope.may(duty) else ""
    except NoReverseMatch:
        return ""
    return f"{found}?{asked}" if found and asked else found


def report_address(name: str, query: str = "") -> str:
    """The page of a report."""
    found = reverse("admin:report", args=[name])
    return f"{found}?{query}" if query else found


def with_query(found: str, **query: Any) -> str:
    """An address with those members of a query that say something."""
    said = urlencode({name: str(value) for name, value in query.items() if value})
    return f"{found}?{said}" if said else found


def gap_of(number: Number, slice_: Slice, scope: Scope) -> Link | None:
    """The way to those that miss; None where nobody does or there is no such list."""
    measure = number.measure
    if not measure.gap or not number.missing:
        return None
    text = f"{number.missing:,} without"
    return Link(text, address(measure, measure.gap, slice_, scope))


def measured(
    number: Number, slice_: Slice, scope: Scope, *, moved: Move | None = None, spark: Spark | None = None, days: int = 0
) -> Measured:
    """A number as a card."""
    measure = number.measure
    return Measured(
        label=measure.label,
        value=written(number),
        href=address(measure, measure.query, slice_, scope),
        hint=_hint(number),
        gap=gap_of(number, slice_, scope),
        trend=_trend(moved, measure.unit, days),
        spark=spark,
        help=measure.help,
        tone=_tone(number),
        parts=_parts(number),
    )


def _parts(number: Number) -> tuple[tuple[str, object], ...]:
    is_time = number.measure.unit is Unit.SECONDS
    return tuple((word, duration(value) if is_time else value) for word, value in number.parts.items())


def progress(step: Step, slice_: Slice, scope: Scope) -> Progress:
    """A line of a checklist."""
    measure = step.number.measure
    return Progress(
        label=measure.label,
        percent=step.percent,
        is_done=step.is_done,
        href=address(measure, measure.query, slice_, scope),
        gap=gap_of(step.number, slice_, scope),
        help=measure.help,
    )


def written(number: Number) -> str:
    """A value as a person reads it; what is not known says so."""
    unit, value = number.measure.unit, number.value
    if unit is Unit.SHARE:
        return "–" if number.value is not None and not number.of else _percent(number.percent)
    if value is None:
        return "not known"
    if unit is Unit.SECONDS:
        return duration(value)
    return f"{value:g} d" if unit is Unit.DAYS else f"{value:,}"


def duration(seconds: float) -> str:
    """A time in its two largest units: "2 d 4 h"."""
    parts: list[str] = []
    left = round(seconds)
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        if left >= size or (unit == "s" and not parts):
            parts.append(f"{left // size} {unit}")
            left %= size
    return " ".join(parts[:2])


def _percent(value: float | None) -> str:
    return "not known" if value is None else f"{value:g} %"


def _hint(number: Number) -> str:
    measure = number.measure
    if number.value is None:
        return measure.source or "not counted yet"
    said = []
    if measure.unit is Unit.SHARE and number.of is not None:
        said.append(f"{int(number.value):,} of {number.of:,}")
    elif measure.unit is Unit.COUNT and number.of is not None:
        said.append(f"of {number.of:,}")
    if number.unknown:
        said.append(f"{number.unknown:,} not known")
    return ", ".join(said)


def _trend(moved: Move | None, unit: Unit, days: int) -> Trend | None:
    if moved is None:
        return None
    amount = duration(abs(moved.by)) if unit is Unit.SECONDS else f"{abs(moved.by):,g}"
    points = {Unit.SHARE: " points", Unit.DAYS: " d"}.get(unit, "")
    sign = {1: "+", -1: "-"}.get(moved.direction, "")
    text = f"{sign}{amount}{points} in {days} days" if moved.direction else f"unchanged in {days} days"
    tone = {True: "good", False: "bad", None: "quiet"}[moved.is_good]
    return Trend(ARROWS[moved.direction], text, tone)


def _tone(number: Number) -> str:
    measure = number.measure
    if measure.better < 0 and measure.unit is Unit.COUNT and number.value:
        return "bad" if measure.key in {"red", "worst", "shared"} else "warn"
    return "quiet"
