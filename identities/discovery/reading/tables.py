"""Tables, whether CSV or a workbook: rows as {header: text}, with their place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from identities.discovery.reading import text
from identities.discovery.reading.limits import Limits

Cells = Sequence[str]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: `cells` are {header: text}, "" where there is nothing; `place` is "row 2" for the first."""

    place: str
    cells: dict[str, str]


def headers_of(path: Path, records: Iterator[Cells], limits: Limits) -> tuple[str, ...]:
    """The first record as names of columns, "" where there is none. Raises Unreadable: too many, or one name twice."""
    names = tuple(text.clean(name, 254) for name in next(records, ()))
    while names and not names[-1]:
        names = names[:-1]
    if not names:
        raise text.refusal(path, "row 1", "the names of the columns are expected")
    if len(names) > limits.columns:
        raise text.refusal(path, f"row 1, column {limits.columns + 1}", f"more than {limits.columns} columns")
    known: dict[str, int] = {}
    for column, name in enumerate(names, start=1):
        if name and known.setdefault(name, column) != column:
            raise text.refusal(path, f"row 1, column {column}", f"the same name as column {known[name]}")
    return names


def dicts(path: Path, records: Iterator[Cells], limits: Limits) -> Iterator[Row]:
    """The records below the header as rows, without the empty ones. Raises Unreadable for a cell beyond the header."""
    names = headers_of(path, records, limits)
    for number, record in enumerate(records, start=2):
        if any(record):
            _check_width(path, number, names, record)
            cells = {name: cell.strip() for name, cell in zip(names, record, strict=False) if name}
            yield Row(f"row {number}", {**dict.fromkeys(filter(None, names), ""), **cells})


def _check_width(path: Path, number: int, names: Cells, record: Cells) -> None:
    for column, cell in enumerate(record[len(names) :], start=len(names) + 1):
        if cell.strip():
            raise text.refusal(path, f"row {number}, column {column}", "a cell beyond the last named column")
