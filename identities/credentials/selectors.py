"""Questions about secrets and keys."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from identities.credentials.models import ClientKey, ClientSecret
from identities.inventory.models import ManagedIdentity

#: No more identities than these are named one by one.
FEW = 1_000


def secrets(identity: ManagedIdentity) -> QuerySet[ClientSecret]:
    """Every secret `identity` ever had, newest first."""
    return ClientSecret.objects.filter(identity=identity)


def live_secrets(identity: ManagedIdentity, at: datetime) -> QuerySet[ClientSecret]:
    """Those that still open the door at `at`."""
    return secrets(identity).filter(alive(at))


def keys(identity: ManagedIdentity) -> QuerySet[ClientKey]:
    """Every public key `identity` ever had, newest first."""
    return ClientKey.objects.filter(identity=identity)


def live_keys(identity: ManagedIdentity, at: datetime) -> QuerySet[ClientKey]:
    """Those that it may sign with at `at`."""
    return keys(identity).filter(alive(at))


def live_count(identity: ManagedIdentity, at: datetime) -> int:
    """How many secrets and keys of it work at `at`."""
    return live_secrets(identity, at).count() + live_keys(identity, at).count()


def alive(at: datetime) -> Q:
    """The condition for a secret that works at `at`: not revoked, not past its own end where it has one."""
    return Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=at))


def with_several_secrets(at: datetime) -> Iterable[UUID]:
    """The identities with several secrets that work at `at`: their ids while they are few, else how to find them.

    Every live secret is counted for it, which a list would ask for its count and again for its rows.
    """
    counted = ClientSecret.objects.filter(alive(at)).order_by().values("identity").annotate(n=Count("*"))
    found = counted.filter(n__gt=1).values_list("identity", flat=True)
    named = list(found[: FEW + 1])
    return named if len(named) <= FEW else found


def is_live(credential: ClientSecret | ClientKey, at: datetime) -> bool:
    """The same for one row in hand, a secret or a key."""
    return credential.revoked_at is None and (credential.expires_at is None or credential.expires_at > at)
