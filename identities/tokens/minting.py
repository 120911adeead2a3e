"""Minting: the claims, the signature, one row and one record."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from audit import context, services as audit
from audit.models import AuditEvent
from identities.access import selectors as access
from identities.access.selectors import Held
from identities.credentials.assertions import KeyLookup
from identities.credentials.authentication import Authenticated, Lookup
from identities.errors import Refused
from identities.events import TokenEvent
from identities.inventory.models import ManagedIdentity
from identities.inventory.subjects import actor_of, subject_of
from identities.jose.sign import sign
from identities.statements.prepared import insert_together
from identities.tokens import authorise, settings
from identities.tokens.models import IssuedToken
from identities.tokens.signing_keys import current_signer
from identities.tokens.verification import TYP


@dataclass(frozen=True)
class Minted:
    """A token, whose text exists only in this value, and what is answered beside it."""

    access_token: str = field(repr=False)
    expires_in: int
    scope: str
    jti: uuid.UUID
    roles: tuple[str, ...] = ()


WITH_ROLES = Lookup(access.with_roles, access.ROLE_NAME, access.ROLE_ENDS)
KEYS_WITH_ROLES = KeyLookup(access.with_roles, access.ROLE_NAME, access.ROLE_ENDS)


def roles_beside(proved: Authenticated) -> Held:
    """The roles that `WITH_ROLES` read beside the secret, or `KEYS_WITH_ROLES` beside the key, and until when."""
    return access.held_of(proved.beside)


def mint(identity: ManagedIdentity, *, scope: str, at: datetime, roles: Held | None = None) -> Minted:
    """A token for an identity that has just proved itself at `at` (S0-22…27).

    `at` is the instant *before* its row was read, so that a stop in between is later than the token. `iat` lies in the
    first whole second after the last kill of its tokens: one minted in the second of a re-enabling outlives the kill.
    It ends with the first of the roles that it names, whoever reads them from it: an elevation is over when it is over.
    The token row and the audit record `token.issued` are one transaction; without both there is no token. Raises
    Refused with the code of `authorise.refusal`. Costs two inserts, one signature, and a read unless `roles`, as of
    `at`, are given.
    """
    code = authorise.refusal(identity, at)
    if code:
        raise Refused(f"Managed identity '{identity.name}' may not have a token.", code=code)
    minted, columns = draw(identity, scope, at, access.held(identity.pk, at) if roles is None else roles)
    row = IssuedToken(**columns)
    insert_together(row, _event(row, identity, minted.roles))
    return minted


def draw(identity: ManagedIdentity, scope: str, at: datetime, roles: Held) -> tuple[Minted, dict[str, Any]]:
    """A signed token and the columns of its row, neither of them good for anything until the row is written."""
    signer = current_signer(at)
    jti = uuid.uuid4()
    claims = _claims(identity, scope, at, roles, jti)
    columns = {
        "jti": jti,
        "identity_id": identity.pk,
        "kid": signer.kid,
        "scope": scope,
        "issued_at": datetime.fromtimestamp(claims["iat"], UTC),
        "expires_at": datetime.fromtimestamp(claims["exp"], UTC),
        "revoked_at": None,
        "address": context.current().address,
    }
    ends_in = claims["exp"] - int(at.timestamp())
    return Minted(sign(claims, signer, typ=TYP), ends_in, scope, jti, roles.names), columns


def first_instant(identity: ManagedIdentity, at: datetime) -> int:
    """`iat` in whole seconds: now, or the second after the identity's tokens were last killed."""
    epoch = identity.tokens_revoked_at
    now = int(at.timestamp())
    return now if epoch is None else max(now, int(epoch.timestamp()) + 1)


def _claims(identity: ManagedIdentity, scope: str, at: datetime, roles: Held, jti: uuid.UUID) -> dict[str, Any]:
    issued_at, now = first_instant(identity, at), int(at.timestamp())
    ends = now + int(settings.access_token_lifetime().total_seconds())
    for until in (identity.expires_at, roles.until):
        if until is not None:
            ends = min(ends, int(until.timestamp()))
    return {
        "iss": settings.issuer(),
        "sub": identity.client_id,
        "aud": settings.audience(),
        "exp": max(ends, issued_at + 1),
        "iat": issued_at,
        "nbf": now,
        "jti": str(jti),
        "client_id": identity.client_id,
        "scope": scope,
        "managed_identity_id": str(identity.id),
        "is_service_account": True,
        "tenant_id": str(identity.tenant_id),
        "roles": list(roles.names),
    }


def _event(row: IssuedToken, identity: ManagedIdentity, roles: Sequence[str]) -> AuditEvent:
    return audit.compose(
        TokenEvent.ISSUED,
        actor=actor_of(identity),
        subject=subject_of(identity),
        details={
            "jti": str(row.jti),
            "kid": row.kid,
            "scope": row.scope,
            "roles": list(roles),
            "expires_at": row.expires_at.isoformat(),
        },
    )
