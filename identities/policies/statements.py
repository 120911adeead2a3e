"""Cuts Cedar text into its rules, with the line each begins on. Pure; knows strings and comments, not grammar."""

import re
from dataclasses import dataclass

_PIECE = re.compile(
    r"""(?P<text>"(?:\\.|[^"\\])*")|(?P<comment>//[^\n]*)|(?P<space>\s+)|(?P<word>\w+)|(?P<mark>.)""", re.DOTALL
)
_ID = re.compile(r'@id\s*\(\s*"((?:\\.|[^"\\])*)"\s*\)')
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")


@dataclass(frozen=True, slots=True)
class Statement:
    """One rule as written: where it begins, how many tokens it has and how deep its brackets go."""

    line: int
    text: str
    tokens: int
    depth: int

    @property
    def name(self) -> str:
        """Its `@id` where it has one, else the line it begins on: how a message speaks of it."""
        found = _ID.search(self.text)
        return f"rule {found.group(1)!r} (line {self.line})" if found else f"the rule at line {self.line}"


def split(text: str) -> list[Statement]:
    """The rules of `text` in order; each ends at its semicolon, a last one without it is kept as it stands."""
    found: list[Statement] = []
    start: int | None = None
    tokens = depth = deepest = 0
    for piece in _PIECE.finditer(text):
        if piece.lastgroup in {"space", "comment"}:
            continue
        if start is None:
            start = piece.start()
        mark = piece.group()
        tokens += 1
        depth += (mark in _OPENING) - (mark in _CLOSING)
        deepest = max(deepest, depth)
        if mark == ";":
            found.append(_statement(text, start, piece.end(), tokens, deepest))
            start, tokens, depth, deepest = None, 0, 0, 0
    if start is not None:
        found.append(_statement(text, start, len(text), tokens, deepest))
    return found


def _statement(text: str, start: int, end: int, tokens: int, depth: int) -> Statement:
    return Statement(line=text.count("\n", 0, start) + 1, text=text[start:end], tokens=tokens, depth=depth)
