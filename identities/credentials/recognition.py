"""Every secret of ours inside a text of any length: as it is, escaped, or in one layer of Base64. Pure.

Nothing is asked of the text around a secret: the checksum decides, and lets chance pass once in four thousand million.
The work grows with the length of the text and with nothing else, whatever the text says.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from identities.credentials.secret_format import BODY_LENGTH, CHECKSUM_LENGTH, ENVIRONMENTS, is_well_formed
from identities.credentials.wrapped_secrets import BEHIND, WINDOW, wrapped

HINT_LENGTH = 4
#: Longer than any secret however written: what may begin in the last part of a chunk is looked at with the next.
REACH = 2 * WINDOW
#: As much is read before it is searched, so that text in drops costs no more than text in one piece.
ENOUGH = 4 * REACH

_LETTER = r"(?:[0-9A-Za-z]|%[3-7][0-9A-Fa-f])"
#: An underscore as URLs, JSON, Markdown and HTML write it.
_LINE = r"(?:_|\\_|%(?:25)?5[Ff]|\\{1,2}u005[Ff]|&#0*95;|&#[xX]0*5[Ff];|&lowbar;)"
_STARTS = ("nhi", "%6e%68%69", "%6E%68%69")
_WRITTEN = re.compile(
    rf"(?:{'|'.join(_STARTS)}){_LINE}{_LETTER}{{3,4}}{_LINE}{_LETTER}{{{BODY_LENGTH}}}{_LINE}"
    rf"{_LETTER}{{{CHECKSUM_LENGTH}}}".replace("0*", "0{0,5}")
)
_ANY_LINE = re.compile(_LINE)


@dataclass(frozen=True, slots=True)
class Recognised:
    """One secret in a text, with the line and column (both from 1) at which it begins.

    `written`: plain, escaped (in whichever way) or base64.
    """

    text: str = field(repr=False)
    line: int
    column: int
    written: str = "plain"


def masked(text: str) -> str:
    """A secret as it may be shown: its environment and its last characters."""
    word = next((word for word in ENVIRONMENTS.values() if text.startswith(f"nhi_{word}_")), "")
    return f"nhi_{word}_…{text[-HINT_LENGTH:]}"


def recognise(chunks: Iterable[str]) -> Iterator[Recognised]:
    """Every well-formed secret in the text that `chunks` make together, in its order; a repeated one is told again.

    Says nothing about whether one was ever issued. Holds little more than one chunk at a time.
    """
    reading, waiting, length = _Reading(), list[str](), 0
    for chunk in chunks:
        waiting.append(chunk)
        length += len(chunk)
        if length >= ENOUGH:
            yield from reading.read("".join(waiting))
            waiting, length = [], 0
    yield from reading.rest("".join(waiting))


def texts(text: str) -> set[str]:
    """The different secrets in `text`."""
    return {found.text for found in recognise([text])}


class _Reading:
    """What is held of the text, from where in it the search goes on, and the line and column of its beginning."""

    def __init__(self) -> None:
        self.held, self.start, self.line, self.column = "", 0, 1, 1

    def read(self, more: str) -> Iterator[Recognised]:
        self.held += more
        end = len(self.held) - REACH
        if end > self.start:
            yield from self._found(end)
            self._forget(end)

    def rest(self, more: str) -> Iterator[Recognised]:
        self.held += more
        yield from self._found(len(self.held))

    def _found(self, end: int) -> Iterator[Recognised]:
        line, column, at = self.line, self.column, 0
        for start, text, written in sorted(_hits(self.held, self.start, end)):
            line, column = _moved(self.held, at, start, line, column)
            at = start
            yield Recognised(text, line, column, written)

    def _forget(self, searched: int) -> None:
        """Let go of all but what a group of Base64 may reach back for."""
        until = max(0, searched - 2 * BEHIND)
        self.line, self.column = _moved(self.held, 0, until, self.line, self.column)
        self.held, self.start = self.held[until:], searched - until


def _moved(text: str, start: int, end: int, line: int, column: int) -> tuple[int, int]:
    """The line and column at `end`, where those at `start` are given."""
    lines = text.count("\n", start, end)
    return (line + lines, end - text.rindex("\n", start, end)) if lines else (line, column + end - start)


def _hits(held: str, start: int, end: int) -> Iterator[tuple[int, str, str]]:
    for needle in _STARTS:
        at = held.find(needle, start, end + len(needle))
        while 0 <= at < end:
            match = _WRITTEN.match(held, at)
            if match is not None and is_well_formed(text := _read(match.group())):
                yield at, text, "plain" if text == match.group() else "escaped"
            at = held.find(needle, at + 1, end + len(needle))
    for at, text in wrapped(held, start, end):
        yield at, text, "base64"


def _read(written: str) -> str:
    """What stands there, with every way to write a character undone."""
    return unquote(_ANY_LINE.sub("_", written))
