"""Where an identity is known from: the records of its sources, and the rows that were merged into it."""

from collections.abc import Sequence

from identities.access.matrix import Duty
from identities.admin.pages import command_of, link_to
from identities.admin.parts import Badge, Block, Code, Empty, Lines, Link, Moment, Notice, Quiet, Table
from identities.admin.tabs.base import IdentityTab
from identities.admin.wording import words
from identities.discovery import selectors
from identities.discovery.models import Merge, SourceRecord
from identities.inventory import provenance

SHOWN = 50
TONES = {"edited": "accent", "imported": "info", "derived": "quiet"}


class SourcesTab(IdentityTab):
    """What other systems say of it."""

    kind = "sources"
    label = "Sources"
    position = 30

    def blocks(self) -> Sequence[Block]:
        return [self._records(), self._members(), self._merges()]

    def notices(self) -> Sequence[Block]:
        since = self.identity.unreported_since
        if since is None:
            return ()
        text = Lines(["It may be gone there, or the last export was not whole.", Moment(since)], row=True)
        return [Notice("No source reports it any more.", text, "warn", "visibility_off")]

    def _records(self) -> Table:
        rows = [self._record(record) for record in selectors.records(self.identity)[:SHOWN]]
        empty = Empty("No source reports it", "It was entered here by hand.", icon="edit_note")
        return Table("Reported by", ["Source", "Known there as", "First seen", "Last seen", ""], rows, empty)

    def _record(self, record: SourceRecord) -> list[object]:
        gone = Badge("no longer reported", "warn") if record.gone_at is not None else Badge("reported", "good")
        return [
            Lines([record.source, Quiet(words(record.record_type))]),
            Lines([record.label, Code(record.key)]),
            Moment(record.first_seen_at),
            Moment(record.last_seen_at),
            gone,
        ]

    def _members(self) -> Table:
        rows = [
            [
                words(member),
                Badge(str(entry.get("origin", "")), TONES.get(str(entry.get("origin")), "quiet")),
                str(entry.get("source") or "–"),
                str(entry.get("by") or "–"),
            ]
            for member, entry in sorted(provenance.entries(self.identity.provenance).items())
        ]
        text = "An import never changes what a person set."
        return Table("Where each value came from", ["Field", "By", "Source", "Who"], rows, Empty("Not noted"), text)

    def _merges(self) -> Table:
        rows = [self._merge(merge) for merge in selectors.merges(self.identity)[:SHOWN]]
        empty = Empty("Never merged", "Two rows that mean one identity can be merged, and parted again.", icon="merge")
        return Table("Merges", ["Absorbed", "Kept", "Why", "When", ""], rows, empty)

    def _merge(self, merge: Merge) -> list[object]:
        may = merge.kept_id == self.identity.pk and self.scope.may(Duty.GOVERN, self.identity.tenant_id)
        part: object = Link("Part again", command_of(self.identity, "part", merge.pk)) if may else ""
        return [
            link_to(merge.absorbed),
            link_to(merge.kept),
            merge.reason,
            Lines([Moment(merge.merged_at), Quiet(f"by {merge.merged_by}")]),
            Badge("parted") if merge.parted_at else part,
        ]
