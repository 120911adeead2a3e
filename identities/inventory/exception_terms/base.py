"""ExceptionTerms: what one kind of exception asks for, told by the room that knows."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from identities.inventory.models import ExceptionKind, ManagedIdentity

kinds: dict[str, type["ExceptionTerms"]] = {}


class ExceptionTerms(ABC):
    """The terms of one kind. Add one by one file: subclass, name its `kind`, implement `refusals`.

    `longest` is how far ahead it may end; `needs_owner` whether a person has to be named. Contract: reads only; the
    rows of the identities are held by the caller; a fixed number of queries for any number of identities.
    """

    kind: ClassVar[ExceptionKind]
    longest: ClassVar[timedelta]
    needs_owner: ClassVar[bool]

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if kinds.get(cls.kind, cls).__qualname__ != cls.__qualname__:
            raise TypeError(f"Two terms are for exceptions of the kind {cls.kind!r}")
        kinds[cls.kind] = cls

    @abstractmethod
    def refusals(self, identities: Collection[ManagedIdentity], *, at: datetime) -> Mapping[UUID, str]:
        """Why these identities may not have it, or have lost what it rests on; who is left out may."""


def terms_of(kind: str) -> ExceptionTerms | None:
    """The terms of a kind; None where it asks for nothing more."""
    found = kinds.get(kind)
    return found() if found is not None else None
