"""Where its secrets rest, and who else is named there: a shared secret breaks for all of them."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Exists, OuterRef

from identities.credentials.models import ExternalCredential
from identities.credentials.places import resting
from identities.inventory.dependencies.base import Dependency, DependencySource, Direction
from identities.inventory.models import ManagedIdentity

MOST = 100


class Secrets(DependencySource):
    """Kinds `secret` (a place, by name) and `identity` (another one whose secret rests in the same place)."""

    kind = "secret"

    def of(self, identity: ManagedIdentity) -> Iterator[Dependency]:
        yield from self._ours(identity)
        yield from self._others(identity)

    def _ours(self, identity: ManagedIdentity) -> Iterator[Dependency]:
        own = resting(identity).filter(uri=OuterRef("uri"), secret=OuterRef("secret"))
        rows = resting(None).filter(Exists(own), identity__tenant_id=identity.tenant_id)
        for secret in rows.select_related("identity").order_by("created_at")[:MOST]:
            reference = secret.stored_at or {}
            place = f"{reference.get('vaultUri', '')}/{reference.get('secretName', '')}"
            yield self._one(identity, secret.identity, place, secret.last_used_at)

    def _others(self, identity: ManagedIdentity) -> Iterator[Dependency]:
        named = ExternalCredential.objects.filter(gone_at=None).exclude(stored_at="")
        places = named.filter(identity=identity).values("stored_at")
        rows = named.filter(identity__tenant_id=identity.tenant_id, stored_at__in=places).select_related("identity")
        for credential in rows.order_by("name")[:MOST]:
            yield self._one(identity, credential.identity, credential.stored_at, credential.last_used_at)

    def _one(self, identity: ManagedIdentity, holder: ManagedIdentity, place: str, last: datetime | None) -> Dependency:
        if holder.pk == identity.pk:
            return Dependency(
                "secret",
                place,
                place,
                "Its secret rests here; nothing else removes it from there",
                Direction.UPSTREAM,
                "Put there by Steward, or reported so",
                last,
            )
        return Dependency(
            "identity",
            str(holder.pk),
            holder.name,
            "Its secret rests in the same place: revoking one may stop both",
            evidence=f"Both name {place}",
            last_seen_at=last,
            model="identities.managedidentity",
        )
