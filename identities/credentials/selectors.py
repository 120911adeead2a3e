"""Questions about secrets and keys."""

from datetime import datetime

from django.db.models import Q, QuerySet

from identities.credentials.models import ClientKey, ClientSecret
from identities.inventory.models import ManagedIdentity


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


def is_live(credential: ClientSecret | ClientKey, at: datetime) -> bool:
    """The same for one row in hand, a secret or a key."""
    return credential.revoked_at is None and (credential.expires_at is None or credential.expires_at > at)
