"""What `import_identities` says of a run: as a table for people, as JSON for programs."""

import sys
from collections.abc import Iterable, Mapping
from typing import Any

from identities.discovery import selectors
from identities.discovery.models import ImportRow, ImportRun, RowAction

SHOWN = 10
LEFT_OUT = 40
WIDTH = 30
#: The words of the summary, and the counts behind them.
SUMMARY = (
    ("created", "new", "New identities"),
    ("changed", "changed", "Changed"),
    ("conflicts", "conflict", "Kept as a person set them"),
    ("unchanged", "unchanged", "Unchanged"),
    ("missing", "vanished", "No longer reported"),
    ("dropped", "dropped", "Left out"),
)


class Bar:
    """A line on standard error that is drawn over itself; nothing at all where no person looks on."""

    def __init__(self) -> None:
        self.is_seen = sys.stderr.isatty()

    def read(self, number: int) -> None:
        """So many records were read; how many there will be nobody knows yet."""
        self._draw(f"Reading … {number:,} records")

    def applied(self, done: int, of: int) -> None:
        """So many rows of so many are in the register."""
        filled = WIDTH * done // max(of, 1)
        self._draw(f"Applying [{'█' * filled}{'░' * (WIDTH - filled)}] {done:,} of {of:,}")

    def searched(self, number: int, name: str) -> None:
        """So many files were looked at."""
        self._draw(f"Searching … {number:,} files")

    def end(self) -> None:
        """Wipe the line."""
        self._draw("", end="\r")

    def _draw(self, text: str, end: str = "") -> None:
        if self.is_seen:
            sys.stderr.write(f"\r\x1b[2K{text}{end}")
            sys.stderr.flush()


def as_json(run: ImportRun) -> dict[str, Any]:
    """`{created, changed, unchanged, missing, conflicts, dropped, warnings}`: counts, and two lists of lines."""
    counts = {word: run.counts.get(name, 0) for word, name, _ in SUMMARY}
    return {**counts, "dropped": selectors.dropped(run), "warnings": list(run.warnings)}


def table(run: ImportRun) -> Iterable[str]:
    """The summary, a line a count; then what was left out and what to know."""
    for _, name, words in SUMMARY:
        yield f"  {words:<28}{run.counts.get(name, 0):>9,}"
    dropped = selectors.dropped(run)
    yield from _listed("Left out", dropped[:LEFT_OUT], left=max(run.counts.get("dropped", 0) - LEFT_OUT, 0))
    yield from _listed("Note", list(run.warnings))


def plan(run: ImportRun) -> Iterable[str]:
    """The first rows of what would change, field by field, and of what stays as a person set it."""
    new = [f"{row.label}  ({row.source})" for row in _first(run, RowAction.NEW)]
    yield from _listed("New", new, left=_left(run, "new"))
    for action, title in ((RowAction.CHANGED, "Changed"), (RowAction.CONFLICT, "Kept as a person set them")):
        lines = [line for row in _first(run, action) for line in _changes(row)]
        yield from _listed(title, lines, left=_left(run, action.value))
    gone = [f"{record.label}  ({record.source})" for record in selectors.vanishing(run)[:SHOWN]]
    yield from _listed("No longer reported", gone, left=_left(run, "vanished"))


def value(found: object) -> str:
    """A value in a line; nothing is said as such."""
    listed = [f"{name}={said}" for name, said in found.items()] if isinstance(found, dict) else found
    text = ", ".join(map(str, listed)) if isinstance(listed, list) else str(found)
    return (text[:77] + "…" if len(text) > 78 else text) if found not in (None, "", [], {}) else "nothing"


def _first(run: ImportRun, action: RowAction) -> Iterable[ImportRow]:
    return selectors.rows_of(run, action)[:SHOWN]


def _left(run: ImportRun, counted: str) -> int:
    """How many rows beyond the first there are."""
    return max(int(run.counts.get(counted, 0)) - SHOWN, 0)


def _changes(row: ImportRow) -> Iterable[str]:
    yield f"{row.label}  ({row.source})" + (f": {row.message}" if row.message else "")
    for member, change in row.changes.get("changes", {}).items():
        yield f"  {_words(member)}: {value(change.get('previous'))} → {value(change.get('current'))}"
    for member, two in row.changes.get("kept", {}).items():
        yield f"  {_words(member)}: stays {value(two.get('mine'))}; the source says {value(two.get('theirs'))}"


def _words(member: str) -> str:
    return member.replace("_", " ")


def _listed(title: str, lines: list[str], *, left: int = 0) -> Iterable[str]:
    """The lines below their title; `left` are those that the caller did not name."""
    if not lines:
        return
    yield ""
    yield f"{title}:"
    yield from (f"  {line}" for line in lines)
    if left:
        yield f"  … and {left:,} more"


def mapping_of(pairs: Iterable[str]) -> Mapping[str, str]:
    """`COLUMN=MEMBER` pairs. Raises ValueError for a text that is none."""
    mapping = {}
    for pair in pairs:
        column, mark, member = pair.rpartition("=")
        if not mark or not column or not member:
            raise ValueError(f"'{pair}' is no COLUMN=MEMBER.")
        mapping[column] = member.strip()
    return mapping
