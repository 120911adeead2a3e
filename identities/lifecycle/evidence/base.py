"""Evidence: what a room knows of an identity at the instant of its quarantine, kept before anything is changed."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import QuerySet

from identities.inventory.models import ManagedIdentity

kinds: dict[str, type["Evidence"]] = {}


@dataclass(frozen=True, slots=True)
class Readable:
    """A secret that the identity could read: where it rests, and by what right it could."""

    provider: str
    vault_uri: str
    secret_name: str
    through: str


class Evidence(ABC):
    """One kind of evidence. Add one by one file: subclass, name its `kind`, implement `of`.

    Contract: reads only, bounded, plain JSON, and never a secret, a token's text or a digest of one. What raises is
    left out of the bundle with a word: nothing stands in the way of a stop.
    """

    kind: ClassVar[str]

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if kinds.get(cls.kind, cls).__qualname__ != cls.__qualname__:
            raise TypeError(f"Two kinds of evidence are called {cls.kind!r}")
        kinds[cls.kind] = cls

    @abstractmethod
    def of(self, identity: ManagedIdentity, at: datetime) -> Any:
        """What is known at `at`, as plain JSON."""

    def readable(self, identity: ManagedIdentity, at: datetime) -> Iterable[Readable]:
        """The secrets that this room let the identity read; none, unless a room says so."""
        return ()


def written(rows: QuerySet[Any], columns: Sequence[str]) -> list[dict[str, Any]]:
    """These columns of the rows as plain JSON: instants as text, `role__name` as `role_name`."""
    return [{name.replace("__", "_"): _plain(value) for name, value in row.items()} for row in rows.values(*columns)]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | bool | list | dict) else str(value)
