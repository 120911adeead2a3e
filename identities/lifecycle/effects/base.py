"""Effect: what another room does when an identity's state changes, in the same transaction (S0-01, promise 5)."""

from abc import ABC, abstractmethod
from enum import StrEnum
from typing import ClassVar

from audit.actors import Actor
from identities.inventory.models import ManagedIdentity

kinds: dict[str, type["Effect"]] = {}


class Change(StrEnum):
    """What just happened to the identity; its row already says so."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    PAUSED = "paused"
    RESUMED = "resumed"
    QUARANTINED = "quarantined"
    RELEASED = "released"
    RETIRED = "retired"


class Effect(ABC):
    """One consequence of a change of state. Add one by one file: subclass, name its `kind`, implement `apply`.

    Contract: runs inside the caller's transaction with the identity's row locked; makes no network call; raising
    undoes the whole command. Not promised: an order among effects. What is yet to be built and has to stop with an
    identity (trust policies, tokens that were exchanged for its own) is an Effect of QUARANTINED.
    """

    kind: ClassVar[str]
    on: ClassVar[frozenset[Change]] = frozenset({Change.DISABLED, Change.RETIRED})

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if kinds.get(cls.kind, cls).__qualname__ != cls.__qualname__:
            raise TypeError(f"Two effects are called {cls.kind!r}")
        kinds[cls.kind] = cls

    @abstractmethod
    def apply(self, identity: ManagedIdentity, *, change: Change, reason: str, actor: Actor) -> str:
        """Do it and say in a few words what was done ("2 runs cancelled"); an empty text means there was nothing."""


def run_effects(identity: ManagedIdentity, *, change: Change, reason: str, actor: Actor) -> dict[str, str]:
    """Run every effect that listens to `change`; answers kind → what it says it did, without the empty ones."""
    said = {
        kind: effect().apply(identity, change=change, reason=reason, actor=actor)
        for kind, effect in sorted(kinds.items())
        if change in effect.on
    }
    return {kind: text for kind, text in said.items() if text}
