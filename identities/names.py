"""Names at the edge: snake_case within, camelCase on the wire and in documents. Pure."""

import re

_WORD_START = re.compile(r"(?<=[a-z0-9])_+([a-z0-9])")
_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")


def camel(name: str) -> str:
    """`valid_until` as `validUntil`; what is already camelCase, and paths such as `nodes.0.after`, stay whole."""
    return _WORD_START.sub(lambda found: found.group(1).upper(), name)


def snake(name: str) -> str:
    """`validUntil` as `valid_until`; words of a single letter would run together."""
    return _CAPITAL.sub(r"_\1", name).lower()
