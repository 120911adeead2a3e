"""Forecast: what another room has tried beforehand for an identity and seen fail, for the rule on preflights."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from identities.detections.facts import Foreseen

kinds: dict[str, type["Forecast"]] = {}


class Forecast(ABC):
    """One forecast. Add one by one file: subclass, name its `kind`, implement `troubles`.

    Contract: reads only, one query however many identities are asked about, the same order each time. What is no
    trouble any more is not said again: its finding is resolved by that.
    """

    kind: ClassVar[str]

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if kinds.get(cls.kind, cls).__qualname__ != cls.__qualname__:
            raise TypeError(f"Two forecasts are called {cls.kind!r}")
        kinds[cls.kind] = cls

    @abstractmethod
    def troubles(self, identity_ids: Collection[UUID], *, at: datetime) -> Mapping[UUID, Sequence[Foreseen]]:
        """What each of these identities will fail at; one without trouble is left out."""


def foreseen_of(identity_ids: Collection[UUID], *, at: datetime) -> Mapping[UUID, list[Foreseen]]:
    """What all forecasts say, by identity."""
    found: defaultdict[UUID, list[Foreseen]] = defaultdict(list)
    for kind in sorted(kinds):
        for identity_id, seen in kinds[kind]().troubles(identity_ids, at=at).items():
            found[identity_id] += seen
    return found
