"""Who did it, and to what: the two names every audit record carries."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from uuid import UUID


class ActorKind(StrEnum):
    """What kind of somebody acts; a service user is a machine with a portal account."""

    PERSON = "person"
    SERVICE_USER = "service_user"
    IDENTITY = "identity"
    SYSTEM = "system"
    ANONYMOUS = "anonymous"


HUMAN_KINDS = frozenset({ActorKind.PERSON})
MACHINE_KINDS = frozenset({ActorKind.SERVICE_USER, ActorKind.IDENTITY, ActorKind.SYSTEM})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `label` and `client_id` are copies, so a record still reads when its actor is gone (S0-36)."""

    kind: ActorKind
    id: str
    label: str
    client_id: str = ""
    tenant_id: UUID | None = None

    @classmethod
    def system(cls, name: str, tenant_id: UUID | None = None) -> Self:
        """A part of Steward that acts by itself, such as the scheduler."""
        return cls(ActorKind.SYSTEM, name, name, tenant_id=tenant_id)

    @classmethod
    def anonymous(cls, label: str = "anonymous") -> Self:
        """Somebody who has not shown who they are; `label` is only what they claimed."""
        return cls(ActorKind.ANONYMOUS, "", label)

    @property
    def is_human(self) -> bool:
        return self.kind in HUMAN_KINDS


@dataclass(frozen=True, slots=True)
class Subject:
    """What was acted upon."""

    kind: str
    id: str
    label: str
    tenant_id: UUID | None = None
