"""Where secrets rest, in one spelling: what grants are written for, and where the live secrets of identities lie."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.db.models import Q

from identities.errors import Invalid
from identities.inventory.models import ManagedIdentity
from identities.vaults.references import SecretReference, normal_uri


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A name in a vault, whatever version lies there; the address in the one spelling that connections are kept in."""

    provider: str
    vault_uri: str
    secret_name: str

    @classmethod
    def of(cls, reference: SecretReference | Mapping[str, Any]) -> Self:
        """The place that `reference` names, as an object or as JSON. Raises Invalid as those do."""
        named = reference if isinstance(reference, SecretReference) else SecretReference.from_json(reference)
        return cls(named.provider, normal_uri(named.vault_uri), named.secret_name)

    @property
    def reference(self) -> SecretReference:
        return SecretReference(self.provider, self.vault_uri, self.secret_name)

    @property
    def columns(self) -> dict[str, str]:
        """As a grant keeps it."""
        return {"provider": self.provider, "vault_uri": self.vault_uri, "secret_name": self.secret_name}

    def __str__(self) -> str:
        return f"{self.vault_uri} {self.secret_name}"


def own_places(identity_ids: Collection[UUID], at: datetime) -> Mapping[UUID, list[Place]]:
    """By identity, the places in which its secrets that live at `at` rest."""
    found: defaultdict[UUID, list[Place]] = defaultdict(list)
    for identity_id, place in _resting(Q(pk__in=identity_ids), at):
        if place not in found[identity_id]:
            found[identity_id].append(place)
    return found


def whose(places: Collection[Place], tenant_id: UUID, at: datetime) -> Mapping[Place, list[ManagedIdentity]]:
    """By place, the identities of the tenant whose live secrets rest there, in the order of their names."""
    wanted = Q(tenant_id=tenant_id, secrets__stored_at__secretName__in=sorted({it.secret_name for it in places}))
    resting = [(pk, place) for pk, place in _resting(wanted, at) if place in places]
    rows = ManagedIdentity.objects.filter(pk__in={pk for pk, _ in resting}).order_by("name", "pk")
    identities = {row.pk: row for row in rows}
    found: defaultdict[Place, list[ManagedIdentity]] = defaultdict(list)
    for pk, identity in identities.items():
        for place in {place for key, place in resting if key == pk}:
            found[place].append(identity)
    return found


def _resting(which: Q, at: datetime) -> Iterator[tuple[UUID, Place]]:
    # One filter, so that all is said of one and the same secret.
    lives = Q(secrets__revoked_at=None) & (Q(secrets__expires_at=None) | Q(secrets__expires_at__gt=at))
    rows = ManagedIdentity.objects.filter(which & lives & Q(secrets__stored_at__isnull=False)).order_by()
    for pk, stored_at in rows.values_list("pk", "secrets__stored_at"):
        with suppress(Invalid):  # nothing that could be read
            yield pk, Place.of(stored_at or {})
