"""May this identity have a token, and may a token it has still be honoured? One answer for mint and introspection."""

from datetime import datetime

from identities.inventory.models import ManagedIdentity
from identities.inventory.vocabulary import Issuance


def refusal(identity: ManagedIdentity, at: datetime) -> str:
    """Empty when it may; else the stable code of the reason. A lost owner is never one (S0-01).

    Pure: what it needs is on the row. A role is not asked for, since permissions come from roles when they are used.
    """
    if not identity.is_enabled:
        return "identity_disabled"
    if identity.expires_at is not None and identity.expires_at <= at:
        return "identity_expired"
    if identity.issuance == Issuance.EXTERNAL:
        return "identity_external"
    return ""
