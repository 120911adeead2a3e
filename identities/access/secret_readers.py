"""Who beside an identity itself can be let read a secret: what stands above says so, and is asked by its id."""

from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Reader:
    """A schedule, as far as a grant is about it; `cadence` is its longest regular gap, None where it has none."""

    id: UUID
    label: str
    tenant_id: UUID
    identity_id: UUID
    cadence: timedelta | None = None
    identity_ids: frozenset[UUID] = frozenset()
    """All as whom it acts: its own identity, and those that nodes of its workflow name."""

    @property
    def cadence_seconds(self) -> int | None:
        return None if self.cadence is None else int(self.cadence.total_seconds())


class Readers(ABC):
    """A place where readers are found. Add one by one file in an app above: subclass, name its `kind`.

    Contract: reads only; a reader that was removed is not found.
    """

    kinds: ClassVar[dict[str, type["Readers"]]] = {}
    kind: ClassVar[str]

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if Readers.kinds.get(cls.kind, cls).__qualname__ != cls.__qualname__:
            raise TypeError(f"Two kinds of readers are called {cls.kind!r}")
        Readers.kinds[cls.kind] = cls

    @abstractmethod
    def find(self, reader_id: UUID, tenant_ids: Collection[UUID] | None) -> Reader | None:
        """The reader of this id in one of these tenants; None is every tenant."""


def find(reader_id: UUID, tenant_ids: Collection[UUID] | None) -> Reader | None:
    """The reader of this id, whoever knows it; a foreign one looks like none."""
    asked = (Readers.kinds[kind]().find(reader_id, tenant_ids) for kind in sorted(Readers.kinds))
    return next((reader for reader in asked if reader is not None), None)
