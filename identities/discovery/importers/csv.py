"""One's own table: a CSV or workbook whose columns are the register's members, or are mapped to them."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from identities.discovery.formats.own_cells import NOTHING, value_of
from identities.discovery.formats.own_columns import BESIDE, SECRET, TARGETS, holds_secrets, suggest_mapping
from identities.discovery.importers.base import Importer
from identities.discovery.reading import csv_rows, text, xlsx_rows
from identities.discovery.reading.moments import moment
from identities.discovery.reading.secrets import WITHHELD, is_secret_cell
from identities.discovery.reading.tables import Row
from identities.discovery.reading.text import clean
from identities.discovery.records import Dropped, Reported, ReportedCredential
from identities.inventory.members import Unfit

NAMELESS = "The row has neither a key nor a name, so it cannot be told from others."
IGNORED = ""


class OwnTable(Importer):
    """A row is kept with what is good in it; what is not is named in its notes. A row is dropped only without a name.

    Its key is the column mapped to `key`, else its name. A column of secrets is never read: that a row had one is
    reported as a credential that lay open.
    """

    kind = "csv"
    platform = "csv"
    label = "Own table (CSV or XLSX)"
    accepts = "a CSV or XLSX file whose first row names the columns"
    takes_mapping = True

    def read(self, files: Iterable[Path], mapping: Mapping[str, str] | None = None) -> Iterator[Reported | Dropped]:
        listed = list(files)
        for path in listed:
            self.check_kind(path)
            table = xlsx_rows if xlsx_rows.is_workbook(path) else csv_rows
            meant = _meant(path, table.headers(path), mapping or {})
            prefix = f"{clean(path.name, 60)}, " if len(listed) > 1 else ""
            for row in table.rows(path):
                yield _record(row, meant, path, prefix)


def _meant(path: Path, headers: Iterable[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """`{column: member}`: what the mapping says, and else what the columns' names say."""
    named = [header for header in headers if header]
    if missing := [column for column in mapping if column not in named]:
        raise text.refusal(path, "row 1", f"the mapping names a column that is not there: {clean(missing[0], 80)}")
    if unknown := sorted(set(mapping.values()) - TARGETS - {IGNORED, SECRET}):
        raise text.refusal(path, "", f"the mapping names a member that is not known: {clean(unknown[0], 80)}")
    rest = suggest_mapping(header for header in named if header not in mapping)
    taken = set(mapping.values())
    meant = {header: target for header, target in rest.items() if target and (target == SECRET or target not in taken)}
    meant |= {column: target for column, target in mapping.items() if target != IGNORED}
    meant |= dict.fromkeys((header for header in named if holds_secrets(header)), SECRET)
    if not {"key", "name"} & set(meant.values()):
        raise text.refusal(path, "row 1", "no column is called name or key; map one to it")
    return meant


def _record(row: Row, meant: Mapping[str, str], path: Path, prefix: str) -> Reported | Dropped:
    notes: list[str] = []
    opened: list[ReportedCredential] = []
    facts: dict[str, object] = {}
    beside: dict[str, str] = {}
    for column, member in meant.items():
        cell = row.cells[column]
        if member == SECRET or is_secret_cell(cell):
            opened += _opened(row, column, cell, path)
        elif member in BESIDE:
            beside[member] = clean(cell, 400)
        else:
            _take(facts, notes, column, member, cell)
    name = clean(facts.get("name")) or beside.get("key", "")
    key = beside.get("key") or name
    if not key:
        return Dropped(prefix + row.place, row.place, NAMELESS)
    return Reported(
        record_type="row",
        key=key,
        label=name,
        place=prefix + row.place,
        account=beside.get("source", "").removeprefix("csv/"),
        facts=facts,
        aliases=tuple(filter(None, [beside.get("alias", "")])),
        credentials=tuple(opened),
        last_used_at=moment(beside.get("last_used_at")),
        notes=tuple(notes),
    )


def _take(facts: dict[str, object], notes: list[str], column: str, member: str, cell: str) -> None:
    try:
        value = value_of(member, cell)
    except Unfit as error:
        notes.append(f"Column {clean(column, 60)} was left out: {error}")
    else:
        if value is not None:
            facts[member] = value


def _opened(row: Row, column: str, cell: str, path: Path) -> Iterator[ReportedCredential]:
    """That a secret stood there; a word such as "yes" or "[withheld]" in such a column is none."""
    if cell.lower() not in NOTHING | {"yes", "no", "true", "false", WITHHELD} and cell.strip("*•xX. "):
        shown = clean(column, 80)
        yield ReportedCredential(
            kind="password" if "passw" in column.lower() else "api_token",
            external_id=f"column {shown}",
            name=shown,
            exposed_in=f"column {shown} of {clean(path.name, 80)}, {row.place}",
        )
