"""ActorContext: who acts, as every check before a run and every node of it sees him, person or machine alike (S1-29)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorContext:
    """Built from verified claims (machines) or from a signed-in user (people); holds no token and no secret.

    `user_id` is the client id of an identity or the id of a user; `roles` are role names, of which unknown ones
    grant nothing (S1-31). `environment`, `kind` and `risk_tier` feed policies and may be empty for people.
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

    def as_json(self) -> dict[str, Any]:
        """What a run keeps and shows of its actor."""
        return {
            "userId": self.user_id,
            "isServiceAccount": self.is_service_account,
            "managedIdentityId": self.managed_identity_id,
            "tenantId": self.tenant_id,
            "roles": list(self.roles),
        }
