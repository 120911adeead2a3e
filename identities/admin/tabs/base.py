"""IdentityTab: what another room knows about an identity, shown on its page."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from identities.access.matrix import Duty
from identities.admin.parts import Block
from identities.admin.scope import Scope
from identities.inventory.models import ManagedIdentity

kinds: dict[str, type["IdentityTab"]] = {}


class IdentityTab(ABC):
    """One tab. Add one by one file: subclass, name `kind`, `label` and `position`, implement `blocks`.

    Contract: reads only, and only rows of the identity's own tenant; bounded (at most 50 rows a table); asked only
    when the tab is open, save `notices`, which every visit pays for with at most one query.
    """

    kind: ClassVar[str]
    label: ClassVar[str]
    position: ClassVar[int]
    duty: ClassVar[Duty] = Duty.READ_REGISTER

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if kinds.get(cls.kind, cls).__qualname__ != cls.__qualname__:
            raise TypeError(f"Two tabs are called {cls.kind!r}")
        kinds[cls.kind] = cls

    def __init__(self, identity: ManagedIdentity, scope: Scope) -> None:
        self.identity, self.scope = identity, scope

    @classmethod
    def applies(cls, identity: ManagedIdentity) -> bool:
        """Whether an identity has this tab at all. From its row alone."""
        return True

    @abstractmethod
    def blocks(self) -> Sequence[Block]:
        """What the open tab shows, from top to bottom."""

    def notices(self) -> Sequence[Block]:
        """What must be seen whichever tab is open; mostly nothing."""
        return ()


def tabs_for(identity: ManagedIdentity, scope: Scope) -> list[IdentityTab]:
    """The tabs this person may open, in order."""
    allowed = [kind for kind in kinds.values() if kind.applies(identity) and scope.may(kind.duty)]
    return [kind(identity, scope) for kind in sorted(allowed, key=lambda kind: kind.position)]
