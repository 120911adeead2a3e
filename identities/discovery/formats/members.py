"""Reading members of an object that somebody else wrote: what is missing or of another type is simply not known."""

from collections.abc import Iterator, Mapping

from identities.discovery.reading.text import clean

Members = Mapping[str, object]
NOTHING: Members = {}
LONGEST = 254
MOST = 200
#: What tools write in the place of a secret that they do not show.
MASKED = frozenset({"redacted", "masked", "hidden", "sensitive", "removed", "secret", "null", "none"})


def text(record: Members, *names: str, limit: int = LONGEST) -> str:
    """The first of `names` that holds a text or a whole number, on one line and cut at `limit`; "" where none does."""
    for name in names:
        value = record.get(name)
        if isinstance(value, str | int) and (plain := clean(value, limit)):
            return plain
    return ""


def flag(record: Members, *names: str) -> bool | None:
    """The first of `names` that holds true or false; None where none does."""
    found = (record.get(name) for name in names)
    return next((value for value in found if isinstance(value, bool)), None)


def within(record: Members, *names: str) -> Members:
    """The first of `names` that holds an object; an empty one where none does."""
    found = (record.get(name) for name in names)
    return next((value for value in found if isinstance(value, Mapping)), NOTHING)


def objects(record: Members, *names: str) -> Iterator[Members]:
    """The objects in the first of `names` that holds a list."""
    return (value for value in _listed(record, names) if isinstance(value, Mapping))


def texts(record: Members, *names: str) -> tuple[str, ...]:
    """The texts in the first of `names` that holds a list."""
    plain = (clean(value) for value in _listed(record, names) if isinstance(value, str))
    return tuple(value for value in plain if value)


def says_something(value: object) -> bool:
    """Whether a secret's value is there: not empty, not masked, not a reference. Never what it is."""
    if isinstance(value, Mapping):
        return any(says_something(inner) for inner in value.values())
    if not isinstance(value, str):
        return value not in (None, False, [])
    bare = value.strip("*•xX-_.<>[]() \t\r\n")
    return bool(bare) and bare.lower() not in MASKED and not (value.startswith("${") and value.endswith("}"))


def known(**facts: object) -> dict[str, object]:
    """The facts that say something: an empty text or list, or None, is not known and is left out.

    A list longer than the register takes ends in how many more there were.
    """
    said = {name: value for name, value in facts.items() if value is not None and value not in ("", [], (), {})}
    return {name: _short(value) if isinstance(value, list) else value for name, value in said.items()}


def _short(items: list[object]) -> list[object]:
    more = len(items) - MOST
    return items if more <= 0 else [*items[: MOST - 1], f"… and {more + 1} more"]


def _listed(record: Members, names: tuple[str, ...]) -> list[object]:
    found = (record.get(name) for name in names)
    return next((value for value in found if isinstance(value, list)), [])
