"""JSON as a stream of items: one item in memory at a time, however large the file."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from identities.discovery.reading import json_events, text
from identities.discovery.reading.json_events import Complaint
from identities.discovery.reading.json_values import Builder
from identities.discovery.reading.limits import LIMITS, Limits


@dataclass(frozen=True, slots=True)
class Item:
    """One member of a list in the file, or the file's one object.

    `collection` is the name of the list ("Users"), "" for a bare list and for an object on its own. `around` holds
    those members of the surrounding object that stand before the list, but for other lists that were asked for.
    `place` is what to tell people: "item 3 of Users", counted over the whole file.
    """

    value: Mapping[str, object]
    place: str
    collection: str = ""
    around: Mapping[str, object] | None = None


def items(path: Path, collections: Collection[str] = (), *, limits: Limits = LIMITS) -> Iterator[Item]:
    """The objects in the file: those of a bare list, of each list that is called one of `collections`, or the file's.

    Pages one after the other and JSON lines are read on. An object without any such list is one item itself (then
    `collection` is "", `around` None). Names in `collections` count at the top of the file only.
    Raises Unreadable, with line and column: what is not JSON, ends early, repeats a member in one object, nests too
    deep, is too large, or is no object where an object is called for.
    """
    return json_events.stream(path, _Walk(frozenset(collections), limits).take, limits)


class _Walk:
    """Where the stream stands: outside (depth 0), in a page's object, or in a list whose items are built one by one."""

    def __init__(self, collections: frozenset[str], limits: Limits) -> None:
        self._collections, self._limits = collections, limits
        self._builder: Builder | None = None
        self._page: dict[str, object] | None = None
        self._collection: str | None = None
        self._had_list = False
        self._key = ""
        self._seen: set[str] = set()
        self._counts: dict[str, int] = {}
        self._read = 0

    def take(self, kind: str, value: object) -> Item | None:
        """The item that this event completes, if any."""
        if self._builder is not None:
            self._builder.take(kind, value)
            return self._finished(self._builder) if self._builder.is_complete else None
        if self._collection is not None:
            self._in_list(kind, value)
            return None
        if self._page is not None:
            return self._in_page(self._page, kind, value)
        if kind == "start_map":
            self._count()
            self._page, self._had_list, self._seen = {}, False, set()
        elif kind == "start_array":
            self._collection = ""
        else:
            raise Complaint("an object or a list is expected")
        return None

    def _in_list(self, kind: str, value: object) -> None:
        if kind == "end_array":
            self._collection = None
        elif kind == "start_map":
            self._count()
            self._build(kind, value)
        else:
            raise Complaint("an object is expected in this list")

    def _count(self) -> None:
        self._read += 1
        if self._read > self._limits.rows:
            raise Complaint(f"more than {self._limits.rows} objects; split it")

    def _in_page(self, page: dict[str, object], kind: str, value: object) -> Item | None:
        if kind == "map_key":
            self._name(str(value))
        elif kind == "end_map":
            self._page = None
            return None if self._had_list else Item(page, self._place(""))
        elif kind == "start_array" and self._key in self._collections:
            self._collection, self._had_list = self._key, True
        else:
            builder = self._build(kind, value)
            return self._finished(builder) if builder.is_complete else None
        return None

    def _name(self, name: str) -> None:
        if name in self._seen:
            raise Complaint("this object has the same member twice")
        if len(self._seen) >= self._limits.values:
            raise Complaint(f"one object has more than {self._limits.values} members")
        self._seen.add(name)
        self._key = name

    def _build(self, kind: str, value: object) -> Builder:
        self._builder = Builder(self._limits, depth=2 if self._page is not None else 1)
        self._builder.take(kind, value)
        return self._builder

    def _finished(self, builder: Builder) -> Item | None:
        self._builder = None
        if self._collection is not None and isinstance(builder.value, dict):
            return Item(builder.value, self._place(self._collection), self._collection, self._page)
        if self._page is not None:
            self._page[self._key] = builder.value
        return None

    def _place(self, collection: str) -> str:
        number = self._counts[collection] = self._counts.get(collection, 0) + 1
        return f"item {number} of {text.clean(collection, 40)}" if collection else f"item {number}"
