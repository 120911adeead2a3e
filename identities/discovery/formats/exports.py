"""The objects of JSON exports one by one, each sealed: what holds a secret is taken out before anything looks at it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from identities.discovery.formats.members import NOTHING, Members, says_something
from identities.discovery.reading import json_items, text
from identities.discovery.reading.secrets import sealed
from identities.discovery.records import Unreadable


@dataclass(frozen=True, slots=True)
class Entry:
    """One object of a file. `held` are paths of members that held a secret; `around` the object around its list.

    A member that was masked, or named a place in a vault, held none.
    """

    path: Path
    place: str
    record: Members
    held: tuple[str, ...]
    collection: str
    around: Members

    def refusal(self, what: str) -> Unreadable:
        """The complaint that this object is not what the importer reads; `what` quotes no value."""
        return text.refusal(self.path, self.place, what)

    def holds(self, member: str) -> bool:
        """Whether a secret stood in `member`, or in anything within it."""
        return any(path == member or path.startswith(f"{member}.") for path in self.held)


def entries(
    files: Iterable[Path],
    collections: Collection[str] = (),
    *,
    secrets: Collection[str] = (),
    first: Callable[[Members], Members] | None = None,
) -> Iterator[Entry]:
    """Every object of all files; `secrets` are names of members that hold secrets in this kind of export alone.

    `first` may cut a secret out of a text of which the rest is wanted, which sealing would withhold whole.
    """
    listed = list(files)
    for path in listed:
        prefix = f"{text.clean(path.name, 60)}, " if len(listed) > 1 else ""
        for item in json_items.items(path, collections):
            value = first(item.value) if first else item.value
            seal = sealed(value, secrets)
            held = tuple(member for member in seal.held if says_something(_at(value, member)))
            yield Entry(path, prefix + item.place, seal.record, held, item.collection, item.around or NOTHING)


def inside(entry: Entry, collection: str) -> Iterator[Entry]:
    """The objects in a list within `entry`, as entries of their own; none where there is no such list."""
    found = entry.record.get(collection)
    for number, record in enumerate(found if isinstance(found, list) else ()):
        if isinstance(record, Mapping):
            prefix = f"{collection}.{number}."
            held = tuple(path.removeprefix(prefix) for path in entry.held if path.startswith(prefix))
            place = f"{entry.place}, item {number + 1} of {collection}"
            yield Entry(entry.path, place, record, held, collection, entry.record)


def _at(value: object, path: str) -> object:
    """What stands at `path`; the path itself, which says something, where a member's own name has a dot in it."""
    for step in path.split("."):
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return path
    return value
