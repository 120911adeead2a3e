"""A client secret of ours in a text where none belongs: found before the text is kept. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from identities.credentials import recognition
from identities.credentials.secret_format import BODY_LENGTH, CHECKSUM_LENGTH

SAID = "This holds a client secret. Never write one here: it has been seen now, so rotate it."
#: Bodies are refused long before they are nested so deep.
DEEPEST = 64
SHORTEST = len("nhi_dev_") + BODY_LENGTH + 1 + CHECKSUM_LENGTH


def members_with_secrets(members: Mapping[str, Any]) -> list[str]:
    """The members of a body (a nested text counts for the member it lies in) that hold a secret of ours."""
    return [str(name) for name, value in members.items() if any(map(_holds, _texts([name, value], 0)))]


def _texts(values: Iterable[Any], depth: int) -> Iterable[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif depth < DEEPEST and isinstance(value, Mapping):
            yield from _texts([part for pair in value.items() for part in pair], depth + 1)
        elif depth < DEEPEST and isinstance(value, list | tuple):
            yield from _texts(value, depth + 1)


def _holds(text: str) -> bool:
    return len(text) >= SHORTEST and bool(recognition.texts(text))
