"""Dependency: what an identity needs, and what breaks if it is removed, told by whoever knows it (S3-65)."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from identities.inventory.models import ManagedIdentity

kinds: dict[str, type["DependencySource"]] = {}


class Direction(StrEnum):
    """DOWNSTREAM stops working, or is no longer reached, when the identity goes; UPSTREAM is what it needs itself."""

    DOWNSTREAM = "downstream"
    UPSTREAM = "upstream"


@dataclass(frozen=True, slots=True)
class Dependency:
    """One thing joined to an identity: its kind ("schedule"), id and name, and what happens, in a sentence.

    `evidence` says how it is known ("allowed 12 times in 30 days"); `last_seen_at` is None where nobody saw it used.
    `model` names what has a page of its own under this id ("scheduling.schedule").
    """

    kind: str
    id: str
    label: str
    detail: str = ""
    direction: Direction = Direction.DOWNSTREAM
    evidence: str = ""
    last_seen_at: datetime | None = None
    model: str = ""


class DependencySource(ABC):
    """One kind of source. Add one by one file: subclass, name its `kind`, implement `of`.

    Contract: reads only, bounded (at most a few hundred rows), one query where it can, two at most. The dependencies
    it tells of may have kinds of their own.
    """

    kind: ClassVar[str]

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if kinds.get(cls.kind, cls).__qualname__ != cls.__qualname__:
            raise TypeError(f"Two sources of dependencies are called {cls.kind!r}")
        kinds[cls.kind] = cls

    @abstractmethod
    def of(self, identity: ManagedIdentity) -> Iterable[Dependency]:
        """Everything of this kind that needs `identity`."""


def dependencies_of(identity: ManagedIdentity) -> list[Dependency]:
    """Everything that `identity` needs, and that breaks if it is removed, grouped by source."""
    return [dependency for kind in sorted(kinds) for dependency in kinds[kind]().of(identity)]
