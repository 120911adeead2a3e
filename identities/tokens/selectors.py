"""Questions about tokens that ask the database."""

import uuid
from datetime import datetime

from identities.tokens import authorise
from identities.tokens.keyring import published
from identities.tokens.models import IssuedToken
from identities.tokens.revocations import Snapshot, read_snapshot

_JWK_MEMBERS = ("kty", "use", "alg", "kid", "n", "e", "crv", "x", "y")


def live_token(jti: uuid.UUID, tenant_id: uuid.UUID, issued_at: int, at: datetime) -> IssuedToken | None:
    """The row behind a token that holds at `at` and belongs to `tenant_id`, or None for whatever reason.

    Reads the database, so a stop is seen at once: revoked, ended, killed by its identity's instant, identity stopped.
    """
    found = (
        IssuedToken.objects.select_related("identity")
        .filter(jti=jti, identity__tenant_id=tenant_id, revoked_at__isnull=True, expires_at__gt=at)
        .first()
    )
    if found is None or authorise.refusal(found.identity, at):
        return None
    epoch = found.identity.tokens_revoked_at
    return None if epoch is not None and issued_at <= epoch.timestamp() else found


def key_set(at: datetime) -> list[dict[str, str]]:
    """The published keys as public JWKs, newest first; straight from the database."""
    keys = (row.public_jwk for row in published(at))
    return [{name: key[name] for name in _JWK_MEMBERS if name in key} for key in keys]


def stops(at: datetime, since: datetime | None = None) -> Snapshot:
    """What was stopped (at or after `since`, if given) and could still matter at `at`."""
    return read_snapshot(at, since)
