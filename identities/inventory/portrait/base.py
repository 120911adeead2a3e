"""PortraitPart: one side of an identity as plain JSON that can be hashed; approvals and certificates rest on it."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from identities.inventory.models import ManagedIdentity

kinds: dict[str, type["PortraitPart"]] = {}
Portrait = Mapping[str, Any]


class PortraitPart(ABC):
    """One part. Add one by one file: subclass, name its `kind` and `label`, implement `of`.

    Contract: one query or two for any number of identities; plain JSON in a fixed order, the same until somebody
    changes something that was agreed to: no time of use, no rotation of a secret, no verdict. Never a secret.
    """

    kind: ClassVar[str]
    label: ClassVar[str]

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if kinds.get(cls.kind, cls).__qualname__ != cls.__qualname__:
            raise TypeError(f"Two parts of a portrait are called {cls.kind!r}")
        kinds[cls.kind] = cls

    @abstractmethod
    def of(self, identities: Sequence[ManagedIdentity]) -> Mapping[UUID, Any]:
        """This part of each, by id; an identity that is left out has nothing of it."""

    def still(self, part: Any, at: datetime) -> Any:
        """What is left at `at` of a part that was kept, where time alone takes something of it away: all of it."""
        return part


def portraits(identities: Sequence[ManagedIdentity]) -> dict[UUID, dict[str, Any]]:
    """Every part of each of these; a part of which there is nothing is None."""
    found = {kind: kinds[kind]().of(identities) for kind in sorted(kinds)}
    return {one.pk: {kind: found[kind].get(one.pk) for kind in found} for one in identities}


def portrait(identity: ManagedIdentity) -> dict[str, Any]:
    """Every part of one."""
    return portraits([identity])[identity.pk]


def still(content: Portrait, at: datetime) -> dict[str, Any]:
    """What is left at `at` of a portrait that was kept: what merely ended by its date is no change, compared so."""
    return {kind: kinds[kind]().still(part, at) if kind in kinds else part for kind, part in content.items()}


def digest(content: object) -> str:
    """SHA-256 of canonical JSON: sorted members, no spaces, UTF-8; the same content has the same digest everywhere."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
