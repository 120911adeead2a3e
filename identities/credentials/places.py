"""Where client secrets rest: the same place is the same vault and name, whichever version."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.db.models.fields.json import KT

from identities.credentials.models import ClientSecret
from identities.inventory.models import ManagedIdentity
from identities.vaults.base import NONE
from identities.vaults.references import SecretReference


def resting(identity: ManagedIdentity | None) -> QuerySet[Any]:
    """Unrevoked secrets (of `identity`, or of all) that were put into a vault, with columns `uri` and `secret`."""
    rows = ClientSecret.objects.filter(revoked_at=None, stored_at__isnull=False)
    placed: QuerySet[Any] = rows.annotate(uri=KT("stored_at__vaultUri"), secret=KT("stored_at__secretName"))
    return placed if identity is None else placed.filter(identity=identity)


def place_of(stored_at: Mapping[str, Any] | None) -> SecretReference | None:
    """Where a secret rests, whatever its version; None where it rests in no vault."""
    if not stored_at:
        return None
    return SecretReference.from_json({name: value for name, value in stored_at.items() if name != "version"})


def at_version(place: SecretReference, version: str) -> dict[str, str]:
    """The place with a version of it, as rows keep it; without one where the vault has none yet."""
    return replace(place, version=None if version == NONE else version).as_json()
