"""The one door to the JSON tokeniser: events of a file, and the line and column where it fails."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import ijson

from identities.discovery.reading import text
from identities.discovery.reading.limits import LIMITS, MEBIBYTE, Limits

Found = TypeVar("Found")
Take = Callable[[str, object], Found | None]
PIECE = 256


class Complaint(Exception):
    """What is wrong with the event at hand, without its place."""


def stream(path: Path, take: Take[Found], limits: Limits = LIMITS) -> Iterator[Found]:
    """What `take(kind, value)` makes of the file's events (start_map, map_key, string, …), where that is not None.

    Raises Unreadable, with line and column, for what is no JSON or ends early, and for a Complaint of `take`.
    Numbers are int or float; those beyond 64 bits are refused.
    """
    tokens: list[tuple[str, object]] = ijson.sendable_list()
    parser = _parser(tokens)
    silence = number = 0
    for number, block in enumerate(text.blocks(path, limits)):
        failure = _fed(parser, block)
        silence = 0 if tokens else silence + len(block)
        yield from _taken(path, take, tokens, number, limits)
        if failure:
            raise text.refusal(path, _place(path, number, None, limits), failure)
        if silence > limits.value_size:
            what = f"one value is longer than {limits.value_size // MEBIBYTE} MiB"
            raise text.refusal(path, _end_of(path, number, limits), what)
        tokens.clear()
    if _ended(parser):
        raise text.refusal(path, _end_of(path, number, limits), "the JSON ends here, before its end")
    yield from _taken(path, take, tokens, number, limits)


def _parser(tokens: object) -> Any:
    # As floats: numbers of a million digits are refused by the tokeniser instead of being computed.
    return ijson.basic_parse_coro(tokens, multiple_values=True, use_float=True)


def _fed(parser: Any, block: str) -> str:
    """What is wrong with the block, "" if nothing."""
    if not block:
        return ""  # an empty block would tell the tokeniser that the file ends
    try:
        parser.send(block.encode())
    except ijson.JSONError as error:
        return "a number is too large" if "overflow" in str(error) else "this is not JSON"
    return ""


def _ended(parser: Any) -> bool:
    """Whether the end comes too early."""
    try:
        parser.close()
    except ijson.JSONError:
        return True
    return False


def _taken(
    path: Path, take: Take[Found], tokens: list[tuple[str, object]], number: int, limits: Limits
) -> Iterator[Found]:
    for index, (kind, value) in enumerate(tokens):
        try:
            found = take(kind, value)
        except Complaint as complaint:
            raise text.refusal(path, _place(path, number, index, limits), str(complaint)) from None
        if found is not None:
            yield found


def _place(path: Path, number: int, index: int | None, limits: Limits) -> str:
    """Line and column of token `index` of block `number`, or of what the tokeniser refuses in it (None).

    The tokeniser tells no places: the file is fed to it again, that block piece by piece and then one of the pieces
    character by character. Piece by piece first, for it copies what it has of a long text with every call.
    """
    start = 0
    for size in (PIECE, 1):
        tokens: list[tuple[str, object]] = ijson.sendable_list()
        parser = _parser(tokens)
        line, column = 1, 0
        blocks = text.blocks(path, limits)
        for block in islice(blocks, number):
            _fed(parser, block)
            tokens.clear()
            line, column = text.after(block, line, column)
        block = next(blocks, "")
        start = _failing(parser, tokens, block, index=index, start=start, size=size)
    return _said(*text.after(block[: start + 1], line, column))


def _failing(
    parser: Any, tokens: list[tuple[str, object]], block: str, *, index: int | None, start: int, size: int
) -> int:
    """Where in the block the piece of that size begins that brings the token or the failure."""
    _fed(parser, block[:start])
    for offset in range(start, len(block), size):
        if _fed(parser, block[offset : offset + size]) or (index is not None and len(tokens) > index):
            return offset
    return len(block)


def _end_of(path: Path, number: int, limits: Limits) -> str:
    """Line and column after block `number`."""
    line, column = 1, 0
    for block in islice(text.blocks(path, limits), number + 1):
        line, column = text.after(block, line, column)
    return _said(line, column)


def _said(line: int, column: int) -> str:
    return f"line {line}, column {max(column, 1)}"
