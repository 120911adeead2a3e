"""Witness: what another room has seen working as an identity, for the rules on reuse."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from identities.detections.facts import Workload

kinds: dict[str, type["Witness"]] = {}


class Witness(ABC):
    """One witness. Add one by one file: subclass, name its `kind`, implement `workloads`.

    Contract: reads only, one query however many identities are asked about, the same order each time.
    """

    kind: ClassVar[str]

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if kinds.get(cls.kind, cls).__qualname__ != cls.__qualname__:
            raise TypeError(f"Two witnesses are called {cls.kind!r}")
        kinds[cls.kind] = cls

    @abstractmethod
    def workloads(self, identity_ids: Collection[UUID], *, at: datetime) -> Mapping[UUID, Sequence[Workload]]:
        """What works as each of these identities; one without is left out."""


def workloads_of(identity_ids: Collection[UUID], *, at: datetime) -> Mapping[UUID, list[Workload]]:
    """What all witnesses say, by identity."""
    found: defaultdict[UUID, list[Workload]] = defaultdict(list)
    for kind in sorted(kinds):
        for identity_id, seen in kinds[kind]().workloads(identity_ids, at=at).items():
            found[identity_id] += seen
    return found
