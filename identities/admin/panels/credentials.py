"""Credentials that need a person: stops that go on, rotations that are overdue or not delivered; one query."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Case, Count, DateTimeField, F, Q, TextField, Value, When
from django.db.models.functions import Cast

from identities.admin.pages import address_of, list_of
from identities.admin.panels.base import Panel
from identities.admin.parts import Badge, Block, Empty, Lines, Link, Moment, Quiet, Table
from identities.admin.quarantine_rows import PHASES
from identities.admin.wording import BAD, INFO, WARN
from identities.credentials.models import Rotation
from identities.lifecycle.models import Cause, Quarantine
from identities.lifecycle.selectors import Phase

SHOWN = 6
STATES = {
    "drill": ("drill", INFO),
    "contained": PHASES[Phase.CONTAINED],
    "complete": PHASES[Phase.COMPLETE],
    "overdue": ("overdue", WARN),
    "undelivered": ("not delivered", BAD),
}
LATE = "The old one is still used, or the new one was never seen."
COLUMNS = ("rank", "pk", "name", "why", "since", "word", "left")


class CredentialsWaiting(Panel):
    """Open quarantines first, then the rotations that do not go on by themselves."""

    kind = "credentials"
    position = 8
    width = 6

    def load(self) -> None:
        tenants = self.scope.tenant_ids(self.duty)
        stops, stuck = Quarantine.objects.filter(closed_at=None), Rotation.objects.filter(ended_at=None)
        if tenants is not None:
            stops, stuck = stops.filter(tenant_id__in=tenants), stuck.filter(identity__tenant_id__in=tenants)
        stuck = stuck.filter(Q(cutover_deadline__lte=self.at) | ~Q(delivery_problem=""))
        found = _stops(stops).union(_stuck(stuck), all=True).order_by("rank", "since")
        self.found: list[Mapping[str, Any]] = list(found[: SHOWN + 1])

    def blocks(self) -> Sequence[Block]:
        if not self.found:
            # All quiet needs no frame: the page of each says so itself.
            return []
        rows = [_row(one) for one in self.found[:SHOWN]]
        is_more = len(self.found) > SHOWN
        last = Link("All rotations that are open", list_of(Rotation, state="open"))
        if is_more and self.found[SHOWN]["rank"] == 0:
            last = Link("All quarantines that are open", list_of(Quarantine, phase="open"))
        headers = ["Identity", "State", "Why", "Since"]
        empty = Empty("No credential waits for a person")
        return [Table("Credentials that need a person", headers, rows, empty, more=last if is_more else None)]


def _stops(rows: Any) -> Any:
    word = Case(
        When(cause=Cause.DRILL, then=Value("drill")),
        When(complete_at=None, then=Value("contained")),
        default=Value("complete"),
        output_field=TextField(),
    )
    facts = {
        "rank": Value(0),
        "name": F("identity__name"),
        "why": Cast("reason", TextField()),
        "since": F("called_at"),
        "word": word,
        "left": Count("lines", filter=Q(lines__done_at=None)),
    }
    return rows.order_by().annotate(**facts).values(*COLUMNS)


def _stuck(rows: Any) -> Any:
    is_late = Q(delivery_problem="")
    facts = {
        "rank": Value(1),
        "name": F("identity__name"),
        "why": Case(When(is_late, then=F("identity__brittle_reason")), default=F("delivery_reason")),
        "since": Cast("started_at", DateTimeField()),
        "word": Case(When(is_late, then=Value("overdue")), default=Value("undelivered"), output_field=TextField()),
        "left": Value(0),
    }
    return rows.order_by().annotate(**facts).values(*COLUMNS)


def _row(one: Mapping[str, Any]) -> list[object]:
    is_stop = one["rank"] == 0
    why: object = one["why"] or LATE
    if one["left"]:
        lines = "1 line" if one["left"] == 1 else f"{one['left']} lines"
        why = Lines([why, Quiet(f"{lines} of its runbook still to be done")])
    link = Link(one["name"], address_of(Quarantine if is_stop else Rotation, one["pk"]))
    return [
        Lines([link, Quiet("quarantine" if is_stop else "rotation")]),
        Badge(*STATES[one["word"]]),
        why,
        Moment(one["since"]),
    ]
