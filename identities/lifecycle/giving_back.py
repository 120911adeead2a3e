"""Bindings that something ended and that is undone: given again, to their old ends, never for longer than before."""

from collections.abc import Collection
from uuid import UUID

from django.utils import timezone

from audit.actors import Actor
from identities.access import services as access
from identities.access.models import RoleBinding
from identities.inventory.models import ManagedIdentity


def give_back(identity: ManagedIdentity, binding_ids: Collection[str | UUID], *, why: str, actor: Actor) -> int:
    """Grant again what these bindings gave; one that was granted anew, has run out, or was an elevation is not.

    Says how many. Each is a new binding, whose reason is `why` and the old one's: the ended row stays as evidence.
    Runs in the caller's transaction.
    """
    at, given = timezone.now(), 0
    ended = RoleBinding.objects.filter(pk__in=binding_ids, identity=identity, ended_at__isnull=False)
    ended = ended.filter(valid_until__gt=at, awaits_approval=False, is_elevation=False)
    for binding in ended.select_related("role"):
        start = max(at, binding.valid_from)
        overlapping = RoleBinding.objects.overlapping(start, binding.valid_until)
        if overlapping.filter(identity=identity, role=binding.role).exists():
            continue
        access.grant(
            identity,
            binding.role,
            valid_from=start,
            valid_until=binding.valid_until,
            reason=f"{why}: {binding.reason}"[:500],
            actor=actor,
        )
        given += 1
    return given
