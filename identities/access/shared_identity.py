"""What sharing an identity among workloads asks for: low tier, read-only, somebody's name, an end (S4-86)."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from identities.access.models import RoleBinding
from identities.inventory.exception_terms.base import ExceptionTerms
from identities.inventory.models import ExceptionKind, ManagedIdentity
from identities.inventory.sharing import refusal


class SharedIdentity(ExceptionTerms):
    """Two workloads on one identity; a role that begins later counts as well."""

    kind = ExceptionKind.SHARED_IDENTITY
    longest = timedelta(days=180)
    needs_owner = True

    def refusals(self, identities: Collection[ManagedIdentity], *, at: datetime) -> Mapping[UUID, str]:
        held: defaultdict[UUID, set[str]] = defaultdict(set)
        rows = RoleBinding.objects.standing(at).filter(identity__in=[identity.pk for identity in identities])
        for identity_id, permissions in rows.values_list("identity_id", "role__permissions"):
            held[identity_id].update(permissions)
        said = {identity.pk: refusal(identity.risk_tier, held[identity.pk]) for identity in identities}
        return {key: why for key, why in said.items() if why}
