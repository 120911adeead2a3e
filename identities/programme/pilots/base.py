"""Pilot: a trial measured before it is widened (S4-73), picked by what its identities work on, such as one workflow."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from typing import ClassVar
from uuid import UUID

kinds: dict[str, type["Pilot"]] = {}


class Pilot(ABC):
    """One way to pick. Add one by one file: subclass, name its `kind` (a member of queries), implement both questions.

    Contract: reads only, within the tenants given (None: every one), two queries at most.
    """

    kind: ClassVar[str]

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if kinds.get(cls.kind, cls).__qualname__ != cls.__qualname__:
            raise TypeError(f"Two pilots are called {cls.kind!r}")
        kinds[cls.kind] = cls

    @abstractmethod
    def choices(self, tenant_ids: Collection[UUID] | None) -> Sequence[tuple[str, str]]:
        """What can be picked: value and label, by label, at most two hundred."""

    @abstractmethod
    def identity_ids(self, value: str, tenant_ids: Collection[UUID] | None) -> frozenset[UUID]:
        """The identities that work on it; none for what there is not."""


def identity_ids(kind: str, value: str, tenant_ids: Collection[UUID] | None) -> frozenset[UUID]:
    """The identities of a pilot; none where nobody supplies that way to pick."""
    return kinds[kind]().identity_ids(value, tenant_ids) if kind in kinds else frozenset()


def choices(kind: str, tenant_ids: Collection[UUID] | None) -> Sequence[tuple[str, str]]:
    """What can be picked in this way."""
    return kinds[kind]().choices(tenant_ids) if kind in kinds else ()
