"""Builder: one value of a JSON file, put together from the stream's events."""

from identities.discovery.reading.json_events import Complaint
from identities.discovery.reading.limits import MEBIBYTE, Limits


class Builder:
    """Takes events until the value `is_complete`. NUL characters, which no database takes, become U+FFFD.

    Raises Complaint for a member repeated in one object, for nesting beyond the limit and for an item beyond it.
    """

    def __init__(self, limits: Limits, *, depth: int) -> None:
        self._limits = limits
        self._outside = depth
        self._open: list[dict[str, object] | list[object]] = []
        self._keys: list[str] = []
        self._values = 0
        self._size = 0
        self.value: object = None
        self.is_complete = False

    def take(self, kind: str, value: object) -> None:
        self._values += 1
        if self._values > self._limits.values:
            raise Complaint(f"one item has more than {self._limits.values} values")
        if kind == "map_key":
            self._name(self._kept(str(value)))
        elif kind == "start_map":
            self._enter({})
        elif kind == "start_array":
            self._enter([])
        elif kind in {"end_map", "end_array"}:
            self._leave()
        else:
            self._put(self._kept(value) if isinstance(value, str) else value)

    def _kept(self, text: str) -> str:
        self._size += len(text)
        if self._size > self._limits.item_size:
            raise Complaint(f"one item is longer than {self._limits.item_size // MEBIBYTE} MiB")
        return text.replace("\0", "\ufffd") if "\0" in text else text

    def _name(self, name: str) -> None:
        inside = self._open[-1]
        if name in inside:
            raise Complaint("this object has the same member twice")
        self._keys[-1] = name

    def _enter(self, fresh: dict[str, object] | list[object]) -> None:
        if len(self._open) + self._outside >= self._limits.depth:
            raise Complaint(f"nested deeper than {self._limits.depth} levels")
        self._put(fresh)
        self._open.append(fresh)
        self._keys.append("")
        self.is_complete = False

    def _leave(self) -> None:
        self._open.pop()
        self._keys.pop()
        self.is_complete = not self._open

    def _put(self, value: object) -> None:
        if not self._open:
            self.value, self.is_complete = value, True
            return
        inside = self._open[-1]
        if isinstance(inside, dict):
            inside[self._keys[-1]] = value
        else:
            inside.append(value)
