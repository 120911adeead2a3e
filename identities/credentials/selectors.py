"""Questions about secrets."""

from datetime import datetime

from django.db.models import Q, QuerySet

from identities.credentials.models import ClientSecret
from identities.inventory.models import ManagedIdentity


def secrets(identity: ManagedIdentity) -> QuerySet[ClientSecret]:
    """Every secret `identity` ever had, newest first."""
    return ClientSecret.objects.filter(identity=identity)


def live_secrets(identity: ManagedIdentity, at: datetime) -> QuerySet[ClientSecret]:
    """Those that still open the door at `at`."""
    return secrets(identity).filter(alive(at))


def alive(at: datetime) -> Q:
    """The condition for a secret that works at `at`: not revoked, not past its own end where it has one."""
    return Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=at))


def is_live(secret: ClientSecret, at: datetime) -> bool:
    """The same for one row in hand."""
    return secret.revoked_at is None and (secret.expires_at is None or secret.expires_at > at)
