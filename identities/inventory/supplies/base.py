"""Supply: facts that a room above knows and keeps on the identity's row, filled in before a verdict is given."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from identities.inventory.models import ManagedIdentity
from identities.inventory.standards import Standards

kinds: dict[str, type["Supply"]] = {}


class Supply(ABC):
    """Some columns of one owner. Subclass, name `kind` and `columns`, implement `fill`.

    Contract: sets `columns` on the rows in hand and saves none of them; a fixed number of queries, however many rows;
    the same answer for the same data. It runs inside the caller's transaction.
    """

    kind: ClassVar[str]
    columns: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if kinds.get(cls.kind, cls).__qualname__ != cls.__qualname__:
            raise TypeError(f"Two supplies are called {cls.kind!r}")
        kinds[cls.kind] = cls

    @abstractmethod
    def fill(self, identities: Sequence[ManagedIdentity], *, standards: Mapping[UUID, Standards], at: datetime) -> None:
        """Set the columns on each row, as they are right `at`; `standards` by tenant."""


def supplied_columns() -> tuple[str, ...]:
    """Every column that a supply keeps."""
    return tuple(column for kind in sorted(kinds) for column in kinds[kind].columns)
