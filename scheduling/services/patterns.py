"""What a regular expression may cost to try, before it is tried: Python's engine can take years and cannot be stopped.

Pure. An estimate from above of the ways an expression can be laid on a text: each open-ended repetition multiplies them
by the text's length, each choice by its branches.
"""

from importlib import import_module
from typing import Any

# The parser behind `re.compile` since 3.11. A reading of our own would differ from it sooner or later, and what it
# takes for harmless is what the engine runs. By name: whether type checkers know these two depends on what else they
# have read.
codes: Any = import_module("re._constants")
parser: Any = import_module("re._parser")

MOST_WAYS = 20_000_000
#: A text that an expression must at least be able to take.
SHORTEST = 64
_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)


class TooCostly(Exception):
    """Trying it could take longer than anybody waits."""


def check(pattern: str) -> None:
    """TooCostly unless `pattern` can be tried on a text of `SHORTEST` characters."""
    check_on(pattern, SHORTEST)


def check_on(pattern: str, length: int) -> None:
    """TooCostly unless `pattern` can be searched for in a text of `length` characters."""
    parsed = parser.parse(pattern)
    is_anchored = bool(parsed) and parsed[0] in (
        (codes.AT, codes.AT_BEGINNING),
        (codes.AT, codes.AT_BEGINNING_STRING),
    )
    if _ways(parsed, length) * (1 if is_anchored else length) > MOST_WAYS:
        raise TooCostly(pattern)


def _ways(parts: Any, length: int) -> int:
    ways = 1
    for code, of_code in parts:
        ways *= _ways_of(code, of_code, length)
        if ways > MOST_WAYS:
            raise TooCostly
    return ways


def _ways_of(code: Any, of_code: Any, length: int) -> int:
    if code in _REPEATS:
        least, most, inner = of_code
        return _ways_repeated(least, most, inner, length)
    if code is codes.BRANCH:
        return sum(_ways(branch, length) for branch in of_code[1])
    if code in (codes.SUBPATTERN, codes.ASSERT, codes.ASSERT_NOT):
        return _ways(of_code[-1], length)
    if code is codes.ATOMIC_GROUP:
        return _ways(of_code, length)
    if code in (codes.GROUPREF, codes.GROUPREF_EXISTS):
        raise TooCostly
    return 1


def _ways_repeated(least: int, most: Any, inner: Any, length: int) -> int:
    """A repetition of what can itself be laid in several ways multiplies with itself at each turn."""
    once = _ways(inner, length)
    turns = min(int(most), length)
    if once == 1:
        return max(turns - int(least), 0) + 1
    if turns > 64:
        raise TooCostly
    return int((once + 1) ** turns)
