"""Watcher: what another room does in the same transaction when something that others agreed to has changed."""

from abc import ABC, abstractmethod
from typing import ClassVar

from audit.actors import Actor
from identities.inventory.models import ManagedIdentity

kinds: dict[str, type["Watcher"]] = {}


class Watcher(ABC):
    """One that watches. Add one by one file: subclass, name its `kind`, implement `concerns` and `changed`.

    Contract: runs inside the caller's transaction with the identity's row locked; makes no network call; raising
    undoes the whole command. `concerns` reads only the row in hand, so that most identities cost no query.
    """

    kind: ClassVar[str]

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if kinds.get(cls.kind, cls).__qualname__ != cls.__qualname__:
            raise TypeError(f"Two watchers are called {cls.kind!r}")
        kinds[cls.kind] = cls

    @abstractmethod
    def concerns(self, identity: ManagedIdentity) -> bool:
        """Whether this identity is watched at all."""

    @abstractmethod
    def changed(self, identity: ManagedIdentity, *, part: str, actor: Actor) -> None:
        """`part` of its portrait (`inventory.portrait`) may have changed, by this actor."""


def run_watchers(identity: ManagedIdentity, *, part: str, actor: Actor) -> None:
    """Tell every watcher whom it concerns. Called by each command that changes a part of the portrait, after it did."""
    for kind in sorted(kinds):
        watcher = kinds[kind]()
        if watcher.concerns(identity):
            watcher.changed(identity, part=part, actor=actor)
