"""What it was allowed: role bindings, and secrets of others that it was granted."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from identities.access.models import RoleBinding, SecretGrant
from identities.inventory.models import ManagedIdentity
from identities.lifecycle.evidence.base import Evidence, Readable, written

MOST = 200
_BINDING = (
    "id", "role__name", "role__permissions", "valid_from", "valid_until", "reason", "granted_by", "last_used_at",
)  # fmt: skip
_GRANT = ("id", "provider", "vault_uri", "secret_name", "schedule_label", "valid_until", "last_used_at", "uses")


class Rights(Evidence):
    """Kind `rights`: what stands now or will; grants of secrets are what it could read."""

    kind = "rights"

    def of(self, identity: ManagedIdentity, at: datetime) -> Any:
        bindings = RoleBinding.objects.standing(at).filter(identity=identity)
        return {
            "bindings": written(bindings[:MOST], _BINDING),
            "secret_grants": written(self._grants(identity, at)[:MOST], _GRANT),
        }

    def readable(self, identity: ManagedIdentity, at: datetime) -> Iterator[Readable]:
        for grant in self._grants(identity, at)[:MOST]:
            used = f", last read {grant.last_used_at:%Y-%m-%d %H:%M} UTC" if grant.last_used_at else ""
            through = f"granted until {grant.valid_until:%Y-%m-%d}{used}"
            yield Readable(grant.provider, grant.vault_uri, grant.secret_name, through)

    def _grants(self, identity: ManagedIdentity, at: datetime) -> Any:
        return SecretGrant.objects.effective(at).filter(identity=identity)
