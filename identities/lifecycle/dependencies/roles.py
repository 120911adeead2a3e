"""The roles it holds: what it may do ends with it."""

from collections.abc import Iterator

from django.utils import timezone

from identities.access.models import RoleBinding
from identities.inventory.dependencies.base import Dependency, DependencySource
from identities.inventory.models import ManagedIdentity

MOST = 100


class Roles(DependencySource):
    """Kind `role`: bindings that stand now or will later, with the reason for each."""

    kind = "role"

    def of(self, identity: ManagedIdentity) -> Iterator[Dependency]:
        bindings = RoleBinding.objects.standing(timezone.now()).filter(identity=identity).select_related("role")
        for binding in bindings.order_by("role__name")[:MOST]:
            permissions = ", ".join(binding.role.permissions) or "no permission"
            yield Dependency(
                kind=self.kind,
                id=str(binding.role_id),
                label=binding.role.name,
                detail=f"Nobody has this through it any more: {permissions}",
                evidence=f"Granted until {binding.valid_until:%d %b %Y}: {binding.reason}",
                last_seen_at=binding.last_used_at,
                model="identities.role",
            )
