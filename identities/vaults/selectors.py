"""Reading the register of vaults."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q, QuerySet

from identities.vaults.models import VaultConnection


def connections(tenant_ids: Collection[UUID] | None) -> QuerySet[VaultConnection]:
    """The connections of these tenants and the common one; `None` is every tenant."""
    found = VaultConnection.objects.select_related("tenant").order_by("name")
    return found if tenant_ids is None else found.filter(Q(tenant_id__in=tenant_ids) | Q(tenant=None))


def usable(provider: str, vault_uri: str, tenant_id: UUID) -> list[VaultConnection]:
    """The connections of one tenant, and the common one, that stand for this address; its own come first."""
    found = VaultConnection.objects.filter(
        Q(tenant_id=tenant_id) | Q(tenant=None), provider=provider, vault_uri=vault_uri
    )
    return sorted(found, key=lambda connection: (connection.tenant_id is None, connection.environment))
