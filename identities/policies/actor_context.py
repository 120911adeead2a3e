"""ActorContext: who acts, as every check before a run and every node of it sees them, person or machine (S1-29)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.actors import Actor, ActorKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorContext:
    """Built from verified claims (machines) or from a signed-in user (people); holds no token and no secret.

    `user_id` is the client id of an identity or the id of a user; `roles` are role names, of which unknown ones
    grant nothing (S1-31). `environment`, `kind`, `risk_tier` and
    `certified_until` (None or past: not certified) feed policies and are empty for people.
    """

    user_id: str
    is_service_account: bool
    tenant_id: str
    roles: tuple[str, ...] = ()
    managed_identity_id: str | None = None
    client_id: str = ""
    token_expires_at: datetime | None = None
    token_issuer: str = ""
    token_jti: str = ""
    name: str = ""
    environment: str = ""
    kind: str = ""
    risk_tier: str = ""
    certified_until: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """What a run keeps and shows of its actor."""
        return {
            "userId": self.user_id,
            "isServiceAccount": self.is_service_account,
            "managedIdentityId": self.managed_identity_id,
            "tenantId": self.tenant_id,
            "roles": list(self.roles),
        }

    def as_actor(self) -> Actor:
        """The same one as the audit names him: an identity by name *and* client id (S0-36)."""
        if self.managed_identity_id:
            kind, key = ActorKind.IDENTITY, self.managed_identity_id
        else:
            kind, key = (ActorKind.SERVICE_USER if self.is_service_account else ActorKind.PERSON), self.user_id
        tenant_id = UUID(self.tenant_id) if self.tenant_id else None
        return Actor(kind=kind, id=key, label=self.name or self.user_id, client_id=self.client_id, tenant_id=tenant_id)
