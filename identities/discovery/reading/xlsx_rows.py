"""Workbooks (XLSX) as a stream of rows of their first sheet: values only, no formula is computed."""

from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile, ZipInfo

from defusedxml.common import DefusedXmlException

from identities.discovery.reading import text
from identities.discovery.reading.limits import LIMITS, MEBIBYTE, Limits
from identities.discovery.reading.tables import Cells, Row, dicts, headers_of

PARTS = 2000
#: What openpyxl raises for a workbook that is none, depending on where it finds out.
BROKEN = (BadZipFile, ParseError, KeyError, ValueError, TypeError, IndexError, AttributeError, OSError, EOFError)


def is_workbook(path: Path) -> bool:
    """Whether the file begins as a workbook does. Raises Unreadable where there is nothing to read."""
    text.check(path)
    return text.head_of(path).startswith(b"PK\x03\x04")


def rows(path: Path, *, limits: Limits = LIMITS) -> Iterator[Row]:
    """The rows of the first sheet below its header, as `csv_rows.rows`; a formula counts as the value last computed.

    Raises Unreadable: no workbook, parts that unpack to more than the limits, too many columns or rows.
    """
    return dicts(path, records(path, limits=limits), limits)


def headers(path: Path, *, limits: Limits = LIMITS) -> tuple[str, ...]:
    """The names of the columns, "" for those that have none. Raises Unreadable as `rows`."""
    return headers_of(path, records(path, limits=limits), limits)


def records(path: Path, *, limits: Limits = LIMITS) -> Iterator[Cells]:
    """Every row of the first sheet as texts, the header first; dates as ISO 8601."""
    import openpyxl  # five megabytes that only a workbook needs

    check(path, limits)
    number = 1
    try:
        with path.open("rb") as file:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
                _check_extent(path, number, len(cells), limits)
                yield tuple(_text(cell) for cell in cells)
            book.close()
    except BROKEN as error:
        what = "declares XML entities, which are not read" if _is_refused_xml(error) else "is broken and cannot be read"
        raise text.refusal(path, f"row {number}", f"the workbook {what}") from None


def _is_refused_xml(error: BaseException | None) -> bool:
    """Whether the safe parser said no; openpyxl tells it as an error of its own, with that one behind it."""
    while error is not None and not isinstance(error, DefusedXmlException):
        error = error.__cause__ or error.__context__
    return error is not None


def check(path: Path, limits: Limits = LIMITS) -> None:
    """Raises Unreadable for what is no workbook, and for one whose parts would unpack to more than the limits."""
    text.check(path, limits)
    try:
        with ZipFile(path) as archive:
            parts = archive.infolist()
    except (BadZipFile, OSError, ValueError, EOFError, NotImplementedError):
        raise text.refusal(path, "", "this is not a workbook (XLSX)") from None
    if "xl/workbook.xml" not in {part.filename for part in parts}:
        raise text.refusal(path, "", "this is a ZIP archive but not a workbook (XLSX)")
    if len(parts) > PARTS:
        raise text.refusal(path, "", f"the workbook has more than {PARTS} parts")
    if sum(part.file_size for part in parts) > limits.file_bytes:
        raise text.refusal(path, "", f"the workbook unpacks to more than {limits.file_bytes // MEBIBYTE} MiB")
    for number, part in enumerate(parts, start=1):
        _check_part(path, number, part, limits)


def _check_part(path: Path, number: int, part: ZipInfo, limits: Limits) -> None:
    if part.flag_bits & 1:
        raise text.refusal(path, f"part {number}", "the workbook is encrypted; save it without a password")
    if part.file_size > MEBIBYTE and part.file_size > limits.ratio * max(part.compress_size, 1):
        raise text.refusal(path, f"part {number}", f"unpacks to more than {limits.ratio} times its size")
    is_sheet = part.filename.startswith("xl/worksheets/")
    if not is_sheet and part.file_size > limits.part_bytes:
        raise text.refusal(path, f"part {number}", f"larger than {limits.part_bytes // MEBIBYTE} MiB")


def _check_extent(path: Path, number: int, width: int, limits: Limits) -> None:
    if number > limits.rows:
        raise text.refusal(path, f"row {number}", f"more than {limits.rows} rows")
    if width > limits.columns:
        raise text.refusal(path, f"row {number}, column {limits.columns + 1}", f"more than {limits.columns} columns")


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)
