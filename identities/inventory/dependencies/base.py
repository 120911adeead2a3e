"""Dependency: what breaks if an identity is removed, told by whoever knows it (S3-65)."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from identities.inventory.models import ManagedIdentity

kinds: dict[str, type["DependencySource"]] = {}


@dataclass(frozen=True, slots=True)
class Dependency:
    """One thing that stops working: its kind ("schedule"), its id and name, and what will happen, in a sentence."""

    kind: str
    id: str
    label: str
    detail: str = ""


class DependencySource(ABC):
    """One kind of dependency. Add one by one file: subclass, name its `kind`, implement `of`.

    Contract: reads only, bounded (at most a few hundred rows), one query where it can.
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
    """Everything that breaks if `identity` is removed, grouped by kind."""
    return [dependency for kind in sorted(kinds) for dependency in kinds[kind]().of(identity)]
