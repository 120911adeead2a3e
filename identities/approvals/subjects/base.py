"""Approvable: a kind of thing that others approve, told by the room that owns it."""

from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import Any, ClassVar
from uuid import UUID

from audit.actors import Actor
from identities.approvals.models import ApprovalRequest

kinds: dict[str, type["Approvable"]] = {}


class Approvable(ABC):
    """One kind of subject. Add one by one file: subclass, name its `kind` and `label`, implement the rest.

    Contract: everything runs inside the caller's transaction, the row of the approval's identity locked; no network
    call. The order of locks is identity, subject (`content`), approval: never lock an approval before its subject.
    What has to happen outside of it (putting a secret into a vault) is left in a state that a task takes up. Raising
    DomainError in `approved` refuses the vote and keeps the approval pending.
    """

    kind: ClassVar[str]
    label: ClassVar[str]

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if kinds.get(cls.kind, cls).__qualname__ != cls.__qualname__:
            raise TypeError(f"Two kinds of approvables are called {cls.kind!r}")
        kinds[cls.kind] = cls

    @abstractmethod
    def content(self, subject_id: UUID) -> dict[str, Any] | None:
        """What stands to be approved now, whole; None where the subject is gone. Locks the subject's row."""

    @abstractmethod
    def owners(self, approval: ApprovalRequest) -> Collection[UUID]:
        """Ids of the people who answer for it now, members of its owning team among them."""

    @abstractmethod
    def approved(self, approval: ApprovalRequest, *, actor: Actor) -> None:
        """The last yes is there."""

    @abstractmethod
    def ended(self, approval: ApprovalRequest, *, reason: str, actor: Actor) -> None:
        """Rejected, withdrawn or expired: `approval.state` says which. Not called for a superseded one."""
