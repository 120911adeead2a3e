"""Panel: one part of the overview, with live numbers of what the viewer may see."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from identities.access.matrix import Duty
from identities.admin.parts import Block, Figure
from identities.admin.scope import Scope

kinds: dict[str, type["Panel"]] = {}


class Panel(ABC):
    """One panel. Add one by one file: subclass, name `kind`, `position` and `width`, implement `blocks` or `figures`.

    Contract: reads only, bounded, within the tenants of the scope; at most two queries, for the overview must stay
    within twelve altogether (a test counts them). `width` is in sixths of the page,
    `rows` how many rows it takes, `figures_position` the order of the numbers.
    """

    kind: ClassVar[str]
    position: int
    figures_position: ClassVar[int] = 0
    width: ClassVar[int] = 3
    rows: ClassVar[int] = 1
    duty: ClassVar[Duty] = Duty.READ_REGISTER

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if kinds.get(cls.kind, cls).__qualname__ != cls.__qualname__:
            raise TypeError(f"Two panels are called {cls.kind!r}")
        kinds[cls.kind] = cls

    def __init__(self, scope: Scope, at: datetime) -> None:
        self.scope, self.at = scope, at

    @abstractmethod
    def load(self) -> None:
        """Ask the database once, for `figures` and `blocks` alike."""

    def figures(self) -> Sequence[Figure]:
        """Numbers for the row at the top."""
        return ()

    def banners(self) -> Sequence[Block]:
        """What must be seen before everything else, at the top of the page."""
        return ()

    def blocks(self) -> Sequence[Block]:
        """What the panel itself shows; nothing for a panel of numbers only."""
        return ()


def panels_for(scope: Scope, at: datetime) -> list[Panel]:
    """The panels this person may see, loaded, in order."""
    allowed = sorted((kind for kind in kinds.values() if scope.may(kind.duty)), key=lambda kind: kind.position)
    panels = [kind(scope, at) for kind in allowed]
    for panel in panels:
        panel.load()
    return panels
