"""An identity whose secret rests in a vault, and what can be asked of it there."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from identities.credentials.authentication import authenticate
from identities.credentials.models import ClientSecret, Rotation
from identities.credentials.selectors import live_secrets
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import services as lifecycle
from identities.people.models import Tenant
from identities.vaults import services as vaults
from identities.vaults.models import VaultConnection
from identities.vaults.references import SecretReference
from tests.factories import register


@dataclass
class Vaulted:
    """The identity, the place, and the one secret that was put there."""

    identity: ManagedIdentity
    place: SecretReference
    old: ClientSecret

    def in_vault(self, version: str | None = None) -> str:
        place = SecretReference(self.place.provider, self.place.vault_uri, self.place.secret_name, version)
        identity = self.identity
        return vaults.read_secret(place, identity.tenant_id, identity.environment, actor=register.SYSTEM).reveal()

    def opens(self, text: str) -> bool:
        return authenticate(self.identity.client_id, text) is not None

    @property
    def works(self) -> bool:
        """What a consumer does: read the vault, show what it says."""
        return self.opens(self.in_vault())

    @property
    def live(self) -> int:
        return live_secrets(self.identity, timezone.now()).count()

    @property
    def rotation(self) -> Rotation:
        return Rotation.objects.select_related("old", "new").get(identity=self.identity)


def vaulted(
    of: Tenant,
    connection: VaultConnection | None = None,
    name: str = "team/payroll-bot",
    name_of: str = "",
    **facts: Any,
) -> Vaulted:
    called: dict[str, Any] = {"name": name_of} if name_of else {}
    identity = register.identity(of, **{"environment": "staging", **called, **facts})
    provider, uri = (connection.provider, connection.vault_uri) if connection else ("local", "local://default")
    place = SecretReference(provider, uri, name)
    made = lifecycle.issue_secret(identity, actor=register.SYSTEM, store_at=place)
    return Vaulted(identity=identity, place=place, old=made.secret)


def later(at: datetime | None = None) -> datetime:
    """A time at which whoever died holds nothing any more, and every pause is over."""
    return (at or timezone.now()) + timedelta(hours=1)
