"""Standing: who must hear of it when a person may or may not answer for things any more, or a team's members change."""

from abc import ABC, abstractmethod
from typing import ClassVar
from uuid import UUID

kinds: dict[str, type["StandingFollower"]] = {}


class StandingFollower(ABC):
    """One room that follows people's standing. Subclass where the room is, name `kind`, implement both.

    Contract: runs inside the caller's transaction, after the change; a fixed number of queries.
    """

    kind: ClassVar[str]

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if kinds.get(cls.kind, cls).__qualname__ != cls.__qualname__:
            raise TypeError(f"Two followers of standing are called {cls.kind!r}")
        kinds[cls.kind] = cls

    @abstractmethod
    def person_changed(self, user_id: UUID) -> None:
        """This person's account was disabled or enabled."""

    @abstractmethod
    def team_changed(self, team_id: UUID) -> None:
        """Somebody came into this team or left it."""


def person_changed(user_id: UUID) -> None:
    """Tell all who follow."""
    for kind in sorted(kinds):
        kinds[kind]().person_changed(user_id)


def team_changed(team_id: UUID) -> None:
    """Tell all who follow."""
    for kind in sorted(kinds):
        kinds[kind]().team_changed(team_id)
