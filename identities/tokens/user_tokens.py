"""A person's access token: a JWT of its own kind, for the portal alone."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from identities.jose import verify as jose
from identities.jose.sign import sign
from identities.jose.verify import BadToken
from identities.tokens import settings
from identities.tokens.keyring import keyring
from identities.tokens.signing_keys import current_signer

if TYPE_CHECKING:
    from identities.people.models import User

__all__ = ["BadToken", "MintedUserToken", "VerifiedUserToken", "mint_user_token", "verify_user_token"]

TYP = "user+jwt"


@dataclass(frozen=True)
class MintedUserToken:
    """The text, once, and how many seconds it lives."""

    access_token: str
    expires_in: int
    jti: uuid.UUID


@dataclass(frozen=True)
class VerifiedUserToken:
    """Who the token speaks for. Role and activity are not in it: the caller reads the person's row.

    `session` is the sign-in it belongs to (`sid`), with which it ends: one that belongs to none would not end.
    """

    claims: Mapping[str, Any]
    jti: uuid.UUID
    user_id: uuid.UUID
    tenant_id: uuid.UUID
    issuer: str
    issued_at: datetime
    expires_at: datetime
    session: uuid.UUID


def mint_user_token(user: "User", *, session: uuid.UUID) -> MintedUserToken:
    """A token for the portal, for AUTH_ACCESS_TOKEN_TTL seconds, of the sign-in `session` and ending with it.

    Writes nothing: signing in is what is audited.
    """
    at = timezone.now()
    lifetime = int(settings.user_token_lifetime().total_seconds())
    now, jti = int(at.timestamp()), uuid.uuid4()
    claims = {
        "iss": settings.issuer(),
        "sub": str(user.id),
        "aud": settings.portal_audience(),
        "exp": now + lifetime,
        "iat": now,
        "nbf": now,
        "jti": str(jti),
        "tenant_id": str(user.tenant_id),
        "is_service_account": False,
        "sid": str(session),
    }
    return MintedUserToken(sign(claims, current_signer(at), typ=TYP), lifetime, jti)


def verify_user_token(text: str) -> VerifiedUserToken:
    """The verified token in `text`, or BadToken. A machine's token is refused here by its type and its audience.

    Not promised: that the person is still active or has the same password; the caller asks the row.
    """
    kid = jose.header_of(text).get("kid")
    keys = keyring.public_keys(kid if isinstance(kid, str) else "")
    claims = jose.verify(text, keys, audience=settings.portal_audience(), issuer=settings.issuer(), typ=TYP)
    try:
        verified = VerifiedUserToken(
            claims=claims,
            jti=uuid.UUID(claims["jti"]),
            user_id=uuid.UUID(claims["sub"]),
            tenant_id=uuid.UUID(claims["tenant_id"]),
            issuer=str(claims["iss"]),
            issued_at=datetime.fromtimestamp(claims["iat"], UTC),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
            session=uuid.UUID(claims["sid"]),
        )
    except (KeyError, ValueError, TypeError, AttributeError):
        raise BadToken("bad_claims") from None
    # Who mints and who verifies are one installation: what was said of its lifetime holds to the second. Its times are
    # whole seconds, rounded down: within the second of its end it is not past it, or one of a second would be none.
    if verified.expires_at < timezone.now().replace(microsecond=0):
        raise BadToken("expired")
    return verified
