"""Accounts: who must hear of it when an account is made or something about it is changed."""

from abc import ABC, abstractmethod
from typing import ClassVar

from audit.actors import Actor
from identities.people.models import User

kinds: dict[str, type["AccountFollower"]] = {}


class AccountFollower(ABC):
    """One room that follows accounts. Subclass where the room is, name `kind`, implement `account_changed`.

    Contract: runs inside the caller's transaction, after the change and its record, with the account's row locked (or
    new); makes no network call; raising undoes the whole command. Whatever it changes of an account it changes by a
    command of its own, which calls all who follow again: ask first whether there is anything left to do. Not promised:
    an order among followers, and that a password which was set or a session which ended is told.
    """

    kind: ClassVar[str]

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if kinds.get(cls.kind, cls).__qualname__ != cls.__qualname__:
            raise TypeError(f"Two followers of accounts are called {cls.kind!r}")
        kinds[cls.kind] = cls

    @abstractmethod
    def account_changed(self, user: User, *, actor: Actor, made: bool) -> None:
        """The account was made (`made`), or its address, names, role, flags or activity are others now."""


def account_changed(user: User, *, actor: Actor, made: bool = False) -> None:
    """Tell all who follow."""
    for kind in sorted(kinds):
        kinds[kind]().account_changed(user, actor=actor, made=made)
