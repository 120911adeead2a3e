"""jsonschema's validator with a meter: a schema of a few lines can ask for more work than there is time.

References alone do it (each level names the next one twice), so every keyword that is looked at is paid for.
"""

import re
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator, ValidationError, validators

from scheduling.services import patterns

#: One is about 40 µs: a keyword looked at, or 25 members of what it looks at.
MOST_STEPS = 50_000
MEMBERS_A_STEP = 25

Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]


class TooMuch(Exception):
    """The meter has run out."""


@dataclass
class _Meter:
    left: int = MOST_STEPS

    def pay(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise TooMuch


_meter: ContextVar[_Meter] = ContextVar("schema_meter")


class _Metered:
    """One check of one input; `iter_errors` raises TooMuch past `MOST_STEPS`."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def iter_errors(self, data: Any) -> Iterator[ValidationError]:
        _meter.set(_Meter())
        yield from self._inner.iter_errors(data)


def validator(schema: Any, *, registry: Any) -> _Metered:
    """A validator of `schema`; each of its checks is metered anew."""
    return _Metered(_VALIDATOR(schema, registry=registry))


def _metered(name: str, check: Keyword) -> Keyword:
    def paid(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        members = _size(value) + (_size(instance) ** 2 if name == "uniqueItems" else _size(instance))
        _meter.get().pay(1 + members // MEMBERS_A_STEP)
        yield from check(validator, value, instance, schema) or ()

    return paid


def _size(value: Any) -> int:
    return len(value) if isinstance(value, list | dict) else 0


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if not isinstance(instance, str):
        return
    try:
        patterns.check_on(pattern, len(instance))
    except patterns.TooCostly:
        yield ValidationError(f"{len(instance)} characters are too many for the pattern {pattern[:100]!r}")
        return
    if not re.search(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _among_names(check: Keyword) -> Keyword:
    """A keyword that lays `patternProperties` on the names of members: names too long for them are too much."""

    def checked(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        tried = list(schema.get("patternProperties") or ())
        longest = max(map(len, instance), default=0) if isinstance(instance, dict) else 0
        try:
            for pattern in tried:
                patterns.check_on(pattern, longest)
        except patterns.TooCostly:
            raise TooMuch from None
        _meter.get().pay(len(tried) * _size(instance))
        yield from check(validator, value, instance, schema) or ()

    return checked


_STOCK: dict[str, Keyword] = dict(Draft202012Validator.VALIDATORS)
_OURS: dict[str, Keyword] = {
    **_STOCK,
    "pattern": _pattern,
    "patternProperties": _among_names(_STOCK["patternProperties"]),
    "additionalProperties": _among_names(_STOCK["additionalProperties"]),
}
_EXTEND: Callable[..., Any] = validators.extend
_VALIDATOR = _EXTEND(Draft202012Validator, {name: _metered(name, check) for name, check in _OURS.items()})
