"""What an identity may do and read, as people agree to it: roles with their ends, and places of secrets."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from identities.access.models import GrantState, RoleBinding, SecretGrant
from identities.inventory.models import ManagedIdentity
from identities.inventory.portrait.base import PortraitPart


class Bindings(PortraitPart):
    """Each role it holds or will, what that permits and until when; what stands on a decision of its own is no part."""

    kind = "bindings"
    label = "Roles"

    def of(self, identities: Sequence[ManagedIdentity]) -> Mapping[UUID, Any]:
        rows = RoleBinding.objects.standing(timezone.now()).filter(identity__in=identities, is_elevation=False)
        found: defaultdict[UUID, list[dict[str, Any]]] = defaultdict(list)
        for identity_id, name, permissions, until in rows.values_list(
            "identity_id", "role__name", "role__permissions", "valid_until"
        ):
            held = {"role": name, "permissions": sorted(permissions), "valid_until": until.isoformat()}
            found[identity_id].append(held)
        return {pk: sorted(held, key=lambda one: (one["role"], one["valid_until"])) for pk, held in found.items()}

    def still(self, part: Any, at: datetime) -> Any:
        """Without the roles that have ended by their own date."""
        left = [held for held in part or () if datetime.fromisoformat(held["valid_until"]) > at]
        return left or None


class SecretReferences(PortraitPart):
    """Places that somebody let it, or a schedule of it, read; where its own secret rests is another part."""

    kind = "secret_references"
    label = "Secret references"

    def of(self, identities: Sequence[ManagedIdentity]) -> Mapping[UUID, Any]:
        # Also a grant whose day has come: it is renewed where it stands, and nothing was agreed to anew.
        rows = SecretGrant.objects.filter(identity__in=identities, state=GrantState.GRANTED, ended_at=None)
        found: defaultdict[UUID, set[tuple[str, str, str]]] = defaultdict(set)
        for identity_id, *place in rows.order_by().values_list("identity_id", "provider", "vault_uri", "secret_name"):
            found[identity_id].add((place[0], place[1], place[2]))
        return {pk: [list(place) for place in sorted(places)] for pk, places in found.items()}
