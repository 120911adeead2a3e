"""Report: a list with a question it answers, the same for the page, the API and the file that leaves the portal."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Model, QuerySet

from identities.inventory.models import ManagedIdentity
from identities.programme.slices import Slice

kinds: dict[str, type["Report"]] = {}
Cell = str | int | float | bool | date | datetime | None


@dataclass(frozen=True, slots=True)
class Line:
    """One row: a cell for each column of the report, and what it is about (`identity_id`), for a link."""

    cells: Sequence[Cell]
    identity_id: UUID | None = None


class Report(ABC):
    """One report. Add one by one file: subclass, name `name`, `title`, `why` and `columns`, implement rows and `line`.

    Contract: `rows()` is an ordered queryset within the slice, so that pages and files take what they need of it and a
    count costs one statement; `line()` reads a row as its key loads it, without what `rows()` may have annotated, and
    asks nothing (`related` names what is joined or prefetched for it). `options` are its own filters:
    {name: (label, {word: meaning})}; an unknown word finds all. `identities` is the query string of the identity list
    that shows the same, where there is one.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    why: ClassVar[str]
    columns: ClassVar[Sequence[str]]
    position: ClassVar[int] = 100
    #: What a row is.
    model: ClassVar[type[Model]] = ManagedIdentity
    related: ClassVar[Sequence[str]] = ()
    fetched: ClassVar[Sequence[str]] = ()
    options: ClassVar[Mapping[str, tuple[str, Mapping[str, str]]]] = {}
    identities: ClassVar[str] = ""
    nothing: ClassVar[str] = "Nothing to report."

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if cls.name.startswith("_"):
            return  # A base of several reports
        if kinds.get(cls.name, cls).__qualname__ != cls.__qualname__:
            raise TypeError(f"Two reports are called {cls.name!r}")
        kinds[cls.name] = cls

    def __init__(self, slice_: Slice, at: datetime, asked: Mapping[str, str] | None = None) -> None:
        self.slice, self.at = slice_, at
        self.asked = {name: word for name, word in (asked or {}).items() if word in self.options.get(name, ("", {}))[1]}

    @abstractmethod
    def rows(self) -> QuerySet[Any]:
        """The rows in their order, of the slice only."""

    @abstractmethod
    def line(self, row: Any) -> Line:
        """The cells of one row, in the order of `columns`."""

    def count(self) -> int:
        """How many rows there are. One statement."""
        return self.rows().order_by().count()

    def keys(self, most: int) -> Sequence[Any]:
        """The keys of the first `most` rows, in order. One statement, which carries nothing else through a sort."""
        return list(self.rows().values_list("pk", flat=True)[:most])

    def page(self, start: int, end: int, keys: Sequence[Any]) -> list[Line]:
        """The lines from `start` to before `end` of what `keys` found."""
        wanted = keys[start:end]
        rows = self._joined(self.model._default_manager.filter(pk__in=wanted)) if wanted else ()
        by_key = {row.pk: row for row in rows}
        # What went away since the keys were found is passed over.
        return [self.line(by_key[key]) for key in wanted if key in by_key]

    def lines(self, start: int, end: int) -> list[Line]:
        """The rows from `start` to before `end`."""
        return [self.line(row) for row in self._loaded()[start:end]]

    def every_line(self, limit: int) -> Iterator[Line]:
        """Every row up to `limit`, a thousand at a time, for a file."""
        for row in self._loaded()[:limit].iterator(chunk_size=1000):
            yield self.line(row)

    def _loaded(self) -> QuerySet[Any]:
        return self._joined(self.rows())

    def _joined(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        rows = rows.select_related(*self.related) if self.related else rows
        return rows.prefetch_related(*self.fetched) if self.fetched else rows


def reports() -> list[type[Report]]:
    """Every report, in order."""
    return sorted(kinds.values(), key=lambda kind: (kind.position, kind.title))
