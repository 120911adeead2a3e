"""Importer: how the export of one kind of source is read. One file a kind."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from identities.discovery.reading import text
from identities.discovery.records import Dropped, Reported, Unreadable

__all__ = ["Importer", "Unreadable", "kinds"]

kinds: dict[str, type["Importer"]] = {}


class Importer(ABC):
    """One kind of source. Add one by one file: subclass, name `kind`, `platform`, `label` and `accepts`, read.

    `kind` is what the user types ("aws-iam"), `platform` the first half of the source's name ("aws", so that the
    credential report and the listings of one account are one source), `accepts` a sentence on the files that it takes.
    `signs` are texts that stand near the start of this kind's files and of no other's: by them a file given to the
    wrong importer is told where it belongs. `partial` are the record types of which no file lists all that there are:
    a record of theirs that is missing from the next file has not vanished. `takes_mapping`: whether `read` heeds a
    mapping of columns to members.
    Contract: `read` streams (no more than one record of the file in memory at a time, where the format allows), keeps
    no secret value, opens no network, and raises Unreadable for what it cannot understand.
    """

    kind: ClassVar[str]
    platform: ClassVar[str]
    label: ClassVar[str]
    accepts: ClassVar[str]
    signs: ClassVar[tuple[str, ...]] = ()
    partial: ClassVar[frozenset[str]] = frozenset()
    takes_mapping: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if kinds.get(cls.kind, cls).__qualname__ != cls.__qualname__:
            raise TypeError(f"Two importers are called {cls.kind!r}")
        kinds[cls.kind] = cls

    @abstractmethod
    def read(self, files: Iterable[Path], mapping: Mapping[str, str] | None = None) -> Iterator[Reported | Dropped]:
        """Every record of all files together; what several files say of one identity comes as one record.

        `mapping` is {column: member}, heeded only by a kind that `takes_mapping`.
        """

    def check_kind(self, path: Path) -> None:
        """Raises Unreadable for a file that cannot be opened, is empty, or bears the signs of another kind alone."""
        text.check(path)
        start = text.start_of(path)
        if not any(sign in start for sign in self.signs) and (other := self._other(start)):
            raise text.refusal(path, "", f"this looks like the kind {other.kind} ({other.label}); import it as that")

    def checked(self, files: Iterable[Path]) -> list[Path]:
        """All the files, each of which passed `check_kind`: for an importer that goes over them more than once."""
        listed = list(files)
        for path in listed:
            self.check_kind(path)
        return listed

    def mismatch(self, path: Path, found: str) -> Unreadable:
        """The refusal of a file that is not of this kind: what is wrong, and what is accepted."""
        return text.refusal(path, "", f"{found}; accepted is {self.accepts}")

    def _other(self, start: str) -> type["Importer"] | None:
        others = (other for kind, other in sorted(kinds.items()) if kind != self.kind)
        return next((other for other in others if any(sign in start for sign in other.signs)), None)
