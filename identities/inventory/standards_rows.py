"""The identity policy of a tenant as its row keeps it: one query, never older than the question."""

from collections.abc import Collection, Mapping
from uuid import UUID

from identities.inventory.models import TenantStandards
from identities.inventory.standards import DEFAULTS, Standards, standards_from


def standards_of(tenant_id: UUID) -> Standards:
    """The rules of this tenant; the defaults where it has set none. One query."""
    rules = TenantStandards.objects.filter(tenant_id=tenant_id).values_list("rules", flat=True).first()
    return standards_from(rules) if rules else DEFAULTS


def standards_of_each(tenant_ids: Collection[UUID]) -> Mapping[UUID, Standards]:
    """The rules of each of these tenants. One query, however many there are."""
    rows = TenantStandards.objects.filter(tenant_id__in=tenant_ids).values_list("tenant_id", "rules")
    found = {tenant_id: standards_from(rules) for tenant_id, rules in rows if rules}
    return {tenant_id: found.get(tenant_id, DEFAULTS) for tenant_id in tenant_ids}
