"""Regular expressions for names, as people write them into the identity policy: only those that end in time. Pure.

Python tries every way to match; an expression such as `(a+)+$` has more ways than there is time for, and the names it
meets come from files of others. What is let in here has few ways for a name of 120 characters.
"""

import re
from collections.abc import Iterator
from re import _compiler as compiler, _constants as code, _parser as grammar  # type: ignore[attr-defined]
from typing import Any

LONGEST_PATTERN, LONGEST_NAME = 200, 120
#: So many ways to match one name are tried within a millisecond; a register has a hundred thousand names and more.
MAX_WAYS = 20_000
_REPEATS = (code.MAX_REPEAT, code.MIN_REPEAT)
_ALONE = (code.LITERAL, code.NOT_LITERAL, code.ANY, code.IN)
_ASCII = [*map(chr, range(128))]
#: What may follow: beside characters, any character beyond ASCII, the end of the name, and nothing at all.
_BEYOND, _END, _NOTHING = "beyond", "end", "nothing"
Firsts = frozenset[str]


def fault_of(pattern: str) -> str:
    """Why `pattern` cannot be a rule for names, in a sentence; empty where it can."""
    if len(pattern) > LONGEST_PATTERN or not pattern.isprintable():
        return f"One line of at most {LONGEST_PATTERN} characters."
    try:
        re.compile(pattern)
        tree = grammar.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return f"Not a regular expression: {error}."
    if tree.state.flags & ~re.UNICODE.value:
        return "Flags such as (?i) are not for names: write the letters out."
    if strange := next((op for op, _ in _all(tree) if op not in _KNOWN), None):
        return f"Only letters, classes, groups, alternatives and counts are for names, not {str(strange).lower()}."
    if _sequence(tree, frozenset({_END}))[1] > MAX_WAYS:
        return "Too many ways to match: part pieces of open length by a character that they do not take: (-[a-z0-9]+)*."
    return ""


_KNOWN = frozenset({*_ALONE, *_REPEATS, code.SUBPATTERN, code.BRANCH, code.AT})


def _all(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every piece of the expression, those inside others too."""
    for op, held in tree:
        yield op, held
        for inner in _inside(op, held):
            yield from _all(inner)


def _inside(op: Any, held: Any) -> list[Any]:
    if op in _REPEATS:
        return [held[2]]
    if op is code.SUBPATTERN:
        return [held[3]]
    return list(held[1]) if op is code.BRANCH else []


def _sequence(tree: Any, follow: Firsts) -> tuple[Firsts, int]:
    """With what `tree` can begin if `follow` may come after it, and in how many ways it can match one text at most.

    A choice that the next character decides is none: whatever else is tried there fails at once.
    """
    ways = 1
    for op, held in reversed(list(tree)):
        follow, more = _piece(op, held, follow)
        ways = min(ways * more, MAX_WAYS + 1)
    return follow, ways


def _piece(op: Any, held: Any, follow: Firsts) -> tuple[Firsts, int]:
    if op in _ALONE:
        return _characters(op, held), 1
    if op is code.SUBPATTERN:
        return _sequence(held[3], follow)
    if op is code.BRANCH:
        return _branch([_sequence(way, follow) for way in held[1]])
    return _repeat(held[0], held[1], held[2], follow) if op in _REPEATS else (follow, 1)


def _branch(found: list[tuple[Firsts, int]]) -> tuple[Firsts, int]:
    firsts = frozenset().union(*(begins for begins, _ in found))
    is_decided = len(firsts) == sum(len(begins) for begins, _ in found)
    ways = [more for _, more in found]
    return firsts, max(ways) if is_decided else sum(ways)


def _repeat(least: int, most: int, body: Any, follow: Firsts) -> tuple[Firsts, int]:
    """A text may end a repetition, begin the next, or go on after the last."""
    least, most = min(least, LONGEST_NAME), min(most, LONGEST_NAME)
    begins, _ = _sequence(body, frozenset({_NOTHING}))
    if _NOTHING in begins and most > 1:
        return begins | follow, MAX_WAYS + 1
    firsts, inside = _sequence(body, follow | begins if most > 1 else follow)
    how_often = most - least + 1 if begins & follow else 1
    ways = how_often * (inside ** min(most, 20) if inside > 1 else 1)
    return firsts if least else firsts | follow, min(ways, MAX_WAYS + 1)


def _characters(op: Any, held: Any) -> Firsts:
    """The ASCII characters that the piece takes, and whether it may take any other."""
    piece = compiler.compile(grammar.SubPattern(grammar.State(), [(op, held)]))
    found = {letter for letter in _ASCII if piece.fullmatch(letter)}
    return frozenset(found | {_BEYOND} if _reaches_beyond(op, held) else found)


def _reaches_beyond(op: Any, held: Any) -> bool:
    if op is code.LITERAL:
        return bool(held > 127)
    if op is not code.IN:
        return True
    return any(
        kind in (code.NEGATE, code.CATEGORY)
        or (kind is code.LITERAL and value > 127)
        or (kind is code.RANGE and value[1] > 127)
        for kind, value in held
    )
