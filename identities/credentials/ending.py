"""The end of one credential, on a row that the caller holds: it is dead with the caller's commit, everywhere."""

from datetime import datetime

from identities.credentials import rotation_facts
from identities.credentials.naming import Credential


def end(credential: Credential, *, reason: str, at: datetime) -> None:
    """Set its end. Every request looks it up, so nothing has to be told; the record is the caller's."""
    credential.revoked_at, credential.revoked_reason = at, reason
    credential.save(update_fields=["revoked_at", "revoked_reason"])
    rotation_facts.refresh([credential.identity_id])
