"""CSV as a stream of rows: one row in memory at a time, however large the file."""

import csv
from collections import deque
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from identities.discovery.reading import text
from identities.discovery.reading.limits import LIMITS, Limits
from identities.discovery.reading.tables import Cells, Row, dicts, headers_of

DELIMITERS = ",;\t"


def rows(path: Path, *, limits: Limits = LIMITS) -> Iterator[Row]:
    """The rows below the header as {header: text}, empty rows left out. Commas, semicolons or tabs part the columns.

    Raises Unreadable, with row and column: a text that does not decode, a NUL byte, a line or a row too long, a column
    beyond the header, a header that stands twice.
    """
    return dicts(path, records(path, limits=limits), limits)


def headers(path: Path, *, limits: Limits = LIMITS) -> tuple[str, ...]:
    """The names of the columns, "" for those that have none. Raises Unreadable as `rows`."""
    return headers_of(path, records(path, limits=limits), limits)


def records(path: Path, *, limits: Limits = LIMITS) -> Iterator[Cells]:
    """Every record of the file as its cells, the header first."""
    lines = _Lines(path, limits)
    first = next(lines, "")
    reader = csv.reader(chain([first], lines), delimiter=max(DELIMITERS, key=first.count), strict=True)
    while True:
        try:
            record = next(reader, None)
        except csv.Error as error:
            raise text.refusal(path, f"row {lines.record}", _complaint(error)) from None
        if record is None:
            return
        if lines.record > limits.rows:
            raise text.refusal(path, f"row {lines.record}", f"more than {limits.rows} rows; split it")
        yield record
        lines.end_record()


class _Lines:
    """The file's lines; those over which one record is spread count together against the limit."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path, self._limits = path, limits
        self._blocks = text.blocks(path, limits)
        self._ready: deque[str] = deque()
        self._rest = ""
        self._taken = 0
        self.record = 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        while not self._ready:
            self._read()
        line = self._ready.popleft()
        self._taken += len(line)
        self._check(self._taken, self.record)
        if "\0" in line:
            column = 1 + line[: line.index("\0")].count(",")
            raise text.refusal(self._path, f"row {self.record}, column {column}", "a NUL byte; this is no CSV")
        return line

    def end_record(self) -> None:
        self.record += 1
        self._taken = 0

    def _read(self) -> None:
        block = next(self._blocks)
        *lines, rest = (self._rest + block).split("\n")
        self._ready.extend(f"{line}\n" for line in lines)
        self._rest = rest
        self._check(len(rest), self.record + len(self._ready))
        if not block and rest:
            self._ready.append(rest)
            self._rest = ""

    def _check(self, length: int, row: int) -> None:
        if length > self._limits.line:
            raise text.refusal(self._path, f"row {row}", f"the row is longer than {self._limits.line} characters")


def _complaint(error: csv.Error) -> str:
    said = str(error)
    if "field larger" in said:
        return f"a cell is longer than {csv.field_size_limit()} characters"
    if "unexpected end" in said:
        return "the file ends within a quoted cell"
    return "this is not CSV: a quotation mark or a line end stands where none may"
