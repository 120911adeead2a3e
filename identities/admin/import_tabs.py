"""What an import would do, in tabs: what is new, what changes and how, what a person's word stands against."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from identities.admin.pages import Tab, address_of, command_of
from identities.admin.parts import Badge, Block, Empty, Lines, Link, Moment, Quiet, Table
from identities.admin.wording import words
from identities.discovery import selectors
from identities.discovery.models import ImportRow, ImportRun
from identities.inventory.models import ManagedIdentity

SHOWN = 50
SHOWN_MEMBERS = 8
HIDDEN = frozenset({"name"})
#: Members whose values are words of a closed list.
ENUMERATED = frozenset({
    "kind", "function", "ownership_class", "privilege_level", "blast_radius", "trust_boundary", "business_criticality",
    "auth_method", "issuance", "disable_strategy", "risk_tier",
})  # fmt: skip
TITLES = {
    "new": "New",
    "changed": "Changed",
    "conflict": "Conflicts",
    "unchanged": "Unchanged",
    "dropped": "Left out",
    "vanished": "No longer reported",
}
TEXTS = {
    "new": "Rows that the register does not know yet. What is missing stays open and shows in their verdict.",
    "changed": "Known rows of which the source says something else than before.",
    "conflict": "What a person set stays. Take the source's value where that one is right.",
    "unchanged": "Known rows of which nothing new is said.",
    "dropped": "Records that are no machine's identity, or that cannot be told from others.",
    "vanished": "Known rows that these files should name and do not. They are marked, never deleted or disabled.",
}
NOTHING = {
    "new": "Every record is known already.",
    "changed": "Nothing changed at the source.",
    "conflict": "Nothing here stands against what a person set.",
    "unchanged": "Every record brings something.",
    "dropped": "Every record was understood.",
    "vanished": "Everything that was reported before is reported still.",
}


@dataclass(frozen=True)
class Rows:
    """The tables of one import; `may` says whether this person may settle a conflict."""

    run: ImportRun
    number: int
    may: bool

    def tabs(self) -> list[Tab]:
        """A tab a count, those with something in them first to be seen."""
        return [Tab(name, TITLES[name], self._shows(name), self.run.counts.get(name, 0)) for name in selectors.COUNTED]

    def _shows(self, name: str) -> Callable[[], Sequence[Block]]:
        return lambda: [self._vanished() if name == "vanished" else self._table(name)]

    def _table(self, action: str) -> Table:
        found = list(selectors.rows_of(self.run, action)[self._from : self._from + SHOWN + 1])
        draws: dict[str, Callable[[ImportRow], list[object]]] = {
            "new": self._new,
            "changed": self._changed,
            "conflict": self._conflict,
            "dropped": lambda row: [row.place or "–", row.label, row.message],
        }
        draw = draws.get(action, _plain)
        headers = {
            "new": ["Record", "From", "What is known"],
            "changed": ["Identity", "From", "What changes"],
            "conflict": ["Identity", "From", "Yours and theirs"],
            "dropped": ["Place", "Record", "Why"],
        }.get(action, ["Identity", "From", ""])
        return self._page(action, headers, [draw(row) for row in found[:SHOWN]], is_more=len(found) > SHOWN)

    def _vanished(self) -> Table:
        if self.run.applied_at is not None:
            text = "They are marked as no longer reported on their own pages, under Sources."
            return Table(TITLES["vanished"], [], [], Empty("Marked", text, icon="visibility_off"))
        found = list(selectors.vanishing(self.run).select_related("identity")[self._from : self._from + SHOWN + 1])
        rows = [
            [
                Link(str(one.identity), address_of(ManagedIdentity, one.identity_id)),
                one.source,
                Moment(one.last_seen_at),
            ]
            for one in found[:SHOWN]
        ]
        return self._page("vanished", ["Identity", "From", "Last reported"], rows, is_more=len(found) > SHOWN)

    def _page(self, name: str, headers: list[str], rows: list[Any], *, is_more: bool) -> Table:
        total = self.run.counts.get(name, 0)
        shown = f" Rows {self._from + 1:,} to {self._from + len(rows):,} of {total:,}." if total > SHOWN else ""
        return Table(
            TITLES[name],
            headers,
            rows,
            Empty("None", NOTHING[name], icon="check_circle"),
            TEXTS[name] + shown,
            action=Link("Previous page", f"?tab={name}&page={self.number - 1}") if self.number > 1 else None,
            more=Link("Next page", f"?tab={name}&page={self.number + 1}") if is_more else None,
        )

    @property
    def _from(self) -> int:
        return (self.number - 1) * SHOWN

    def _new(self, row: ImportRow) -> list[object]:
        facts = [
            Lines([Quiet(words(member)), spoken(member, value)], row=True)
            for member, value in row.reported.get("facts", {}).items()
            if member not in HIDDEN
        ]
        return [_name(row), _source(row), Lines([*_cut(facts), *_secrets(row), *_notes(row)])]

    def _changed(self, row: ImportRow) -> list[object]:
        said = [Quiet(row.message)] if row.message else []
        return [_name(row), _source(row), Lines([*_changes(row), *said, *_notes(row)])]

    def _conflict(self, row: ImportRow) -> list[object]:
        lines: list[object] = []
        for member, two in row.changes.get("kept", {}).items():
            mine, theirs = spoken(member, two.get("mine")), spoken(member, two.get("theirs"))
            said = f"{words(member)}: yours is {mine}, theirs is {theirs}"
            take = Link("Take theirs", command_of(self.run, "take-theirs", f"{row.pk}:{member}"))
            lines.append(Lines([said, take], row=True) if self.may else said)
        return [_name(row), _source(row), Lines([*lines, *_changes(row)]) if lines else Badge("settled", "good")]


def page_number(request: HttpRequest) -> int:
    """The page asked for; the first for anything that is none."""
    asked = request.GET.get("page", "1")
    return min(int(asked), 100_000) if asked.isascii() and asked.isdigit() and int(asked) > 0 else 1


def short(value: object) -> str:
    """A value in a cell."""
    if value in (None, "", [], {}):
        return "nothing"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    if isinstance(value, dict):
        text = ", ".join(f"{name}: {inner}" for name, inner in value.items())
    return f"{text[:117]}…" if len(text) > 118 else text


def spoken(member: str, value: object) -> str:
    """A value as a person says it: `static_api_key` is a word of ours, a name or an address is not."""
    return words(value) if member in ENUMERATED and isinstance(value, str) and value else short(value)


def _changes(row: ImportRow) -> list[object]:
    lines: list[object] = [
        f"{words(member)}: {spoken(member, change.get('previous'))} → {spoken(member, change.get('current'))}"
        for member, change in row.changes.get("changes", {}).items()
    ]
    left_out = [Quiet(f"{words(member)} is left out: {why}") for member, why in row.changes.get("dropped", {}).items()]
    return [*_cut(lines), *left_out]


def _cut(lines: Sequence[object]) -> list[object]:
    more = len(lines) - SHOWN_MEMBERS
    return [*lines[:SHOWN_MEMBERS], *([Quiet(f"and {more} more")] if more > 0 else [])]


def _secrets(row: ImportRow) -> list[object]:
    listed = row.reported.get("credentials", [])
    exposed = any(one.get("exposed_in") for one in listed)
    said = Quiet(f"{len(listed)} credential" + ("s" if len(listed) > 1 else ""))
    warned = [Badge("a value lay open in the file", "bad", "It was not kept. Treat it as leaked.")] if exposed else []
    return [said, *warned] if listed else []


def _notes(row: ImportRow) -> list[object]:
    return _cut([Quiet(note) for note in row.reported.get("notes", ())])


def _plain(row: ImportRow) -> list[object]:
    return [_name(row), _source(row), row.message]


def _name(row: ImportRow) -> object:
    if row.identity is None:
        return Lines([row.label, Quiet(row.place)])
    return Lines([_link(row.identity), Quiet(row.place)])


def _link(identity: ManagedIdentity) -> Link:
    return Link(identity.name, address_of(ManagedIdentity, identity.pk))


def _source(row: ImportRow) -> object:
    return Lines([row.source, Quiet(words(row.record_type))])
