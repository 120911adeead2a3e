"""Stops: the quarantines and drills of an identity, how fast they were, and who knocked while it was stopped."""

from collections.abc import Sequence

from identities.admin.pages import list_of, page_of
from identities.admin.parts import Block, Empty, Fact, Facts, Link, Moment, Quiet, Table
from identities.admin.quarantine_rows import cause_badge, knock_table, phase_badge
from identities.admin.tabs.base import IdentityTab
from identities.admin.wording import took
from identities.lifecycle import selectors
from identities.lifecycle.models import Quarantine

SHOWN = 25


class Stops(IdentityTab):
    """What stopped it, and how that went."""

    kind = "stops"
    label = "Stops"
    position = 55

    def blocks(self) -> Sequence[Block]:
        it = self.identity
        seconds = "" if it.revocation_seconds is None else f"{it.revocation_seconds:.2f} s"
        facts = Facts(
            "How fast it stops",
            [
                Fact("Time to revoke", seconds, "Of the last quarantine or drill that was complete."),
                Fact("Revocation tested", Moment(it.revocation_tested_at), "By a drill, or as somebody noted."),
                *([Fact("Resumes by itself", Moment(it.paused_until))] if it.paused_until else []),
                Fact("How it is revoked", it.revocation_procedure, wide=True),
            ],
        )
        knocks = list(selectors.knocks_since(it)[:SHOWN])
        return [facts, self._quarantines(), knock_table(knocks, title="Who knocked while it was stopped")]

    def _quarantines(self) -> Table:
        found = selectors.quarantines({self.identity.tenant_id}).filter(identity=self.identity)
        rows = [
            [
                Link(f"{row.called_at:%d %b %Y %H:%M}", page_of(row)),
                cause_badge(row),
                phase_badge(row),
                took(row.called_at, row.complete_at) or Quiet("runs"),
                row.reason,
            ]
            for row in found.order_by("-called_at")[:SHOWN]
        ]
        empty = Empty("Never quarantined, never rehearsed", "A drill tries the path and measures it.", icon="science")
        more = Link("All quarantines", list_of(Quarantine))
        headers = ["Called", "Cause", "State", "Time to revoke", "Why"]
        return Table("Quarantines and drills", headers, rows, empty, more=more)
