"""Credentials that need a person: stops that go on, rotations that are overdue or not delivered; two queries."""

from collections.abc import Sequence

from django.db.models import Count, Q, Window

from identities.admin.pages import address_of, list_of
from identities.admin.panels.base import Panel
from identities.admin.parts import Block, Empty, Lines, Link, Moment, Quiet, Table
from identities.admin.quarantine_rows import phase_badge
from identities.admin.rotation_rows import state_badge
from identities.credentials.models import Rotation
from identities.lifecycle.models import Quarantine
from identities.lifecycle.selectors import quarantines

SHOWN = 3


class CredentialsWaiting(Panel):
    """Open quarantines first, then the rotations that do not go on by themselves."""

    kind = "credentials"
    position = 8
    width = 6

    def load(self) -> None:
        tenants = self.scope.tenant_ids(self.duty)
        stops = quarantines(tenants).filter(closed_at=None).annotate(every=Window(Count("id"))).order_by("called_at")
        self.stops = list(stops[:SHOWN])
        running = Rotation.objects.filter(ended_at=None)
        running = running if tenants is None else running.filter(identity__tenant_id__in=tenants)
        stuck = running.filter(Q(cutover_deadline__lte=self.at) | ~Q(delivery_problem=""))
        stuck = stuck.select_related("identity").annotate(every=Window(Count("id"))).order_by("cutover_deadline", "pk")
        self.stuck = list(stuck[:SHOWN])

    def blocks(self) -> Sequence[Block]:
        rows = [self._stop(row) for row in self.stops] + [self._rotation(row) for row in self.stuck]
        if not rows:
            # All quiet needs no frame: the page of each says so itself.
            return []
        headers, empty = ["Identity", "State", "Why", "Since"], Empty("No credential waits for a person")
        return [Table("Credentials that need a person", headers, rows, empty, more=self._more())]

    def _stop(self, row: Quarantine) -> list[object]:
        left = row.lines_all - row.lines_done
        lines = f"{left} of {row.lines_all} lines of its runbook are open" if left else "its runbook is done"
        what = "drill" if row.is_drill else "quarantine"
        return [
            Lines([Link(row.identity.name, address_of(Quarantine, row.pk)), Quiet(what)]),
            phase_badge(row),
            Lines([row.reason, Quiet(lines)]),
            Moment(row.called_at),
        ]

    def _rotation(self, row: Rotation) -> list[object]:
        late = row.identity.brittle_reason or "The old one is still used, or the new one was never seen"
        return [
            Lines([Link(row.identity.name, address_of(Rotation, row.pk)), Quiet("rotation")]),
            state_badge(row, self.at),
            row.delivery_reason if row.delivery_problem else late,
            Moment(row.started_at),
        ]

    def _more(self) -> Link | None:
        if self.stops and self.stops[0].every > SHOWN:
            return Link(f"All {self.stops[0].every} quarantines", list_of(Quarantine, phase="open"))
        if self.stuck and self.stuck[0].every > SHOWN:
            return Link("All rotations", list_of(Rotation, state="open"))
        return None
