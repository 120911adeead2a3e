"""A machine's token, verified here: the signature locally, the revocation from a list two seconds old at most."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from identities.jose import verify as jose
from identities.jose.verify import BadToken
from identities.tokens import settings
from identities.tokens.keyring import keyring
from identities.tokens.revocations import revocations

__all__ = ["BadToken", "VerifiedToken", "read_access_token", "verify_access_token"]

TYP = "at+jwt"


@dataclass(frozen=True)
class VerifiedToken:
    """The facts of a token that holds. Roles are as of the minting; our own API reads them again from the database."""

    claims: Mapping[str, Any]
    jti: uuid.UUID
    identity_id: uuid.UUID
    tenant_id: uuid.UUID
    client_id: str
    roles: tuple[str, ...]
    scope: str
    issuer: str
    issued_at: datetime
    expires_at: datetime


def verify_access_token(text: str) -> VerifiedToken:
    """The verified token in `text`, or BadToken with a short `reason`.

    Checks RFC 8725's list (see `jose.verify`), type `at+jwt`, our issuer and audience, and that neither the token nor
    its identity was stopped: no query of its own save the shared refresh every two seconds. A kill elsewhere is seen
    here within that time. Raises Unavailable when the list cannot be read and is older than five seconds.
    """
    token = read_access_token(text)
    if revocations.is_revoked(token.jti, token.identity_id, int(token.claims["iat"])):
        raise BadToken("revoked")
    return token


def read_access_token(text: str) -> VerifiedToken:
    """As `verify_access_token` without the question of revocation; for those who ask the database themselves."""
    kid = jose.header_of(text).get("kid")
    keys = keyring.public_keys(kid if isinstance(kid, str) else "")
    claims = jose.verify(text, keys, audience=settings.audience(), issuer=settings.issuer(), typ=TYP)
    return _facts(claims)


def _facts(claims: Mapping[str, Any]) -> VerifiedToken:
    try:
        roles = claims.get("roles", [])
        if claims["is_service_account"] is not True or not isinstance(roles, list):
            raise BadToken("bad_claims")
        return VerifiedToken(
            claims=claims,
            jti=uuid.UUID(claims["jti"]),
            identity_id=uuid.UUID(claims["managed_identity_id"]),
            tenant_id=uuid.UUID(claims["tenant_id"]),
            client_id=str(claims["client_id"]),
            roles=tuple(str(role) for role in roles),
            scope=str(claims["scope"]),
            issuer=str(claims["iss"]),
            issued_at=datetime.fromtimestamp(claims["iat"], UTC),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )
    except (KeyError, ValueError, TypeError, AttributeError):
        raise BadToken("bad_claims") from None
