"""Files as text: opened with care, decoded strictly, refused in one line; and texts made fit to keep."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from identities.discovery.reading.limits import LIMITS, MEBIBYTE, Limits
from identities.discovery.records import Unreadable

BLOCK = 64 * 1024
HEAD = 64 * 1024
ACCEPTED = "only UTF-8 and UTF-16 (with a byte order mark) are read"

# C0 and C1 controls, line separators, bidirectional marks, byte order marks, surrogates: a database or a page chokes.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]+"
)
_BINARY = {
    b"PK\x03\x04": "a ZIP archive or workbook",
    b"\x1f\x8b": "compressed (gzip): unpack it first",
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "a workbook of the old XLS format: save it as XLSX or CSV",
    b"SQLite format 3": "a database",
}


def clean(value: object, limit: int = 254) -> str:
    """`value` as one line of text fit to keep: control characters become spaces, the end is cut at `limit`.

    None, and anything that is neither text nor number, becomes "".
    """
    if isinstance(value, str) and len(value) <= limit and value.isprintable() and "  " not in value:
        return value.strip()  # as nearly every text is: the rest costs ten times as much
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    line = " ".join(_UNPRINTABLE.sub(" ", str(value)[: limit * 4]).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def refusal(path: Path, place: str, what: str) -> Unreadable:
    """One line: the file's name, the place in it, what is wrong. `what` never holds a value of the file."""
    return Unreadable(": ".join(part for part in (clean(path.name, 80), place, what) if part))


def check(path: Path, limits: Limits = LIMITS) -> int:
    """The size in bytes of a file that may be read. Raises Unreadable: missing, a directory, empty, too large."""
    try:
        if path.is_dir():
            raise refusal(path, "", "this is a directory; name the files in it")
        if not path.is_file():
            raise refusal(path, "", "there is no such file")
        size = path.stat().st_size
    except OSError:
        raise refusal(path, "", "the file cannot be opened") from None
    if size == 0:
        raise refusal(path, "", "the file is empty")
    if size > limits.file_bytes:
        raise too_large(path, limits)
    return size


def too_large(path: Path, limits: Limits) -> Unreadable:
    """The refusal of a file beyond the limit."""
    return refusal(path, "", f"larger than {limits.file_bytes // MEBIBYTE} MiB, the most that is read; split it")


def head_of(path: Path) -> bytes:
    """The first bytes of a file that `check` has passed. Raises Unreadable where it cannot be opened."""
    try:
        with path.open("rb") as file:
            return file.read(HEAD)
    except OSError:
        raise refusal(path, "", "the file cannot be opened") from None


def start_of(path: Path) -> str:
    """The first characters of the file, however they decode: to tell its kind, for nothing else."""
    head = head_of(path)
    return head.decode(encoding_of(head) or "latin-1", errors="replace")


def encoding_of(head: bytes) -> str:
    """The codec that the first bytes call for, or "" if it is none that is read."""
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return ""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8-sig"


def codec(path: Path) -> str:
    """The codec to read the file with. Raises Unreadable for other kinds of files and other encodings."""
    head = head_of(path)
    for sign, name in _BINARY.items():
        if head.startswith(sign):
            raise refusal(path, "", f"this is not text but {name}")
    found = encoding_of(head)
    if not found:
        raise refusal(path, "", f"this is UTF-32; {ACCEPTED}")
    return found


def blocks(path: Path, limits: Limits = LIMITS, *, size: int = BLOCK) -> Iterator[str]:
    """The file's text, block by block. Raises Unreadable: see `check`; or with the line that does not decode."""
    check(path, limits)
    decoder = codecs.getincrementaldecoder(codec(path))(errors="strict")
    line, column, taken = 1, 0, 0
    with path.open("rb") as file:
        while True:
            raw = file.read(size)
            taken += len(raw)
            if taken > limits.file_bytes:
                raise too_large(path, limits)
            try:
                block = decoder.decode(raw, final=not raw)
            except UnicodeDecodeError as error:
                good = error.object[: error.start].decode(errors="replace")
                line, column = after(good, line, column)
                what = f"the text does not decode; {ACCEPTED}"
                raise refusal(path, f"line {line}, column {column + 1}", what) from None
            line, column = after(block, line, column)
            yield block
            if not raw:
                return


def after(block: str, line: int, column: int) -> tuple[int, int]:
    """Where one stands after `block`, if before it one stood at `line` (from 1) and `column` (from 0)."""
    last = block.rfind("\n")
    return (line, column + len(block)) if last < 0 else (line + block.count("\n"), len(block) - last - 1)
