"""Concern: which identities an event is about, where its subject is something else."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from audit.models import AuditEvent

kinds: dict[str, type["Concern"]] = {}
Found = Mapping[UUID, set[UUID]]


class Concern(ABC):
    """One way from events to identities. Add one by one file: subclass, name its `kind`, implement `identities`.

    Contract: asks the database a number of times that does not grow with the number of events, and nothing where none
    of them is its own; a text that is no id is passed over. Whose tenant the identities are of is checked afterwards.
    """

    kind: ClassVar[str]

    events: ClassVar[tuple[type[StrEnum], ...]] = ()
    """The words of events that its app brings with it: who subscribes may name them."""

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if kinds.get(cls.kind, cls).__qualname__ != cls.__qualname__:
            raise TypeError(f"Two concerns are called {cls.kind!r}")
        kinds[cls.kind] = cls

    @abstractmethod
    def identities(self, events: Sequence[AuditEvent]) -> Found:
        """By the event's uuid, the ids of the identities that it is about."""


def as_id(text: object) -> UUID | None:
    """The id that `text` spells, if it spells one."""
    try:
        return UUID(str(text))
    except ValueError:
        return None
