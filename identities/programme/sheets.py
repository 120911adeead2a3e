"""Files of rows: CSV and XLSX that no spreadsheet takes for formulas, written without holding all of it in memory."""

import csv
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from io import StringIO
from types import MappingProxyType
from typing import IO, Any

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse

#: More rows than this are not exported at once; the file says so, and the audit says how many there were.
MOST_ROWS = 100_000
#: A cell that begins so may be run by a spreadsheet (OWASP, CSV injection); the last five are typed in Asia, or set.
_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20\u2212"
#: Some programs look past spaces, and past what has no width.
_DANGEROUS = re.compile(rf"[\t\r\n]|[\s\u200b-\u200f\u2060\ufeff]*[{_SIGNS}\t\r\n]")
#: Where a spreadsheet parts cells by semicolons or tabs, a cell begins in the middle of a text as well.
_WITHIN = re.compile(rf"([;\t\r\n][\s\u200b-\u200f\u2060\ufeff]{{0,9}})(?=\"*[{_SIGNS}])")
LONGEST_CELL = 32_767
CONTENT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "csv": "text/csv; charset=utf-8",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)
_SPOOL = 1024 * 1024
#: What XML cannot hold, and so no workbook.
_CONTROL = {code: None for code in (*range(32), 0xFFFE, 0xFFFF) if chr(code) not in "\t\n\r"}


def cell(value: Any) -> str | int | float | bool:
    """A value as a cell: numbers stay numbers, times are RFC 3339 in UTC, a text that might be run gets an apostrophe.

    None is an empty cell. No control characters, and no more than a spreadsheet's cell takes.
    """
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    text = str(value).translate(_CONTROL)[: LONGEST_CELL - 1]
    text = _WITHIN.sub(r"\1'", text)[: LONGEST_CELL - 1]
    return f"'{text}" if _DANGEROUS.match(text) else text


def csv_lines(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """A CSV file line by line (RFC 4180), with a byte order mark, for Excel reads it as Latin-1 without."""
    buffer = StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow([cell(header) for header in headers])
    yield _taken(buffer)
    for row in rows:
        writer.writerow([cell(value) for value in row])
        yield _taken(buffer)


def xlsx_file(headers: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str) -> IO[bytes]:
    """An XLSX file, at its beginning; small ones stay in memory, large ones in a temporary file that nobody sees."""
    from openpyxl import Workbook  # five megabytes that only an export needs

    book = Workbook(write_only=True)
    sheet = book.create_sheet(_sheet_name(title))
    sheet.freeze_panes = "A2"
    sheet.append([cell(header) for header in headers])
    for row in rows:
        sheet.append([cell(value) for value in row])
    file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_SPOOL)  # noqa: SIM115 - the answer closes it
    book.save(file)
    file.seek(0)
    return file


def file_response(
    title: str, at: datetime, *, count: int, file_format: str, headers: Sequence[str], rows: Iterable[Sequence[Any]]
) -> HttpResponseBase:
    """A file as an answer; its name says so when `count` is past the limit and it holds only the first rows."""
    cut = f" first {MOST_ROWS}" if count > MOST_ROWS else ""
    name, content_type = file_name(f"{title}{cut}", at, file_format), CONTENT_TYPES[file_format]
    if file_format == "xlsx":
        file = xlsx_file(headers, rows, title=title)
        return FileResponse(file, as_attachment=True, filename=name, content_type=content_type)
    response = StreamingHttpResponse(csv_lines(headers, rows), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def file_name(title: str, at: datetime, file_format: str) -> str:
    """A name of plain letters with the day in it."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in title.lower())
    return f"{'-'.join(part for part in plain.split('-') if part)[:60] or 'export'}-{at:%Y-%m-%d}.{file_format}"


def _taken(buffer: StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def _sheet_name(title: str) -> str:
    return "".join(letter for letter in title if letter not in "[]:*?/\\")[:31] or "Rows"
