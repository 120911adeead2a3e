"""Where client secrets rest: the same place is the same vault and name, whichever version."""

from typing import Any

from django.db.models import QuerySet
from django.db.models.fields.json import KT

from identities.credentials.models import ClientSecret
from identities.inventory.models import ManagedIdentity


def resting(identity: ManagedIdentity | None) -> QuerySet[Any]:
    """Unrevoked secrets (of `identity`, or of all) that were put into a vault, with columns `uri` and `secret`."""
    rows = ClientSecret.objects.filter(revoked_at=None, stored_at__isnull=False)
    placed: QuerySet[Any] = rows.annotate(uri=KT("stored_at__vaultUri"), secret=KT("stored_at__secretName"))
    return placed if identity is None else placed.filter(identity=identity)
