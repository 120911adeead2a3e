"""What a client says of itself under its own signature (RFC 7521, RFC 7523): read first, proved with its key after."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import jwt

from identities.jose import jwk as jwks
from identities.jose.verify import BadToken, kid_of, parts_of

TYPES = ("JWT", "client-authentication+jwt")
#: What a client may sign with; HMAC and `none` are not among them, so no public key is ever taken for a secret.
ALGORITHMS = tuple(alg for fitting in jwks.ALGORITHMS.values() for alg in fitting)
LEEWAY_SECONDS = 60
LONGEST_SECONDS = 600
MAXIMUM_JTI = 256
MAXIMUM_CLIENT_ID = 256


@dataclass(frozen=True)
class Assertion:
    """A readable assertion whose times, names and audience fit. Nothing is proved before `is_signed_by` says so."""

    client_id: str
    jti: str = field(repr=False)
    kid: str
    alg: str
    ends_at: datetime
    text: str = field(repr=False)

    def is_signed_by(self, key: jwks.PublicKey, alg: str) -> bool:
        """Whether `key` made it with `alg`, which is the key's: the caller has it from where the key is kept."""
        try:
            jwt.PyJWS().decode(self.text, key, algorithms=[alg])
        except (jwt.PyJWTError, ValueError, TypeError):
            return False
        return True


def read(text: str, *, audiences: Collection[str], at: datetime) -> Assertion:
    """The assertion in `text`, or BadToken: costs no query and no signature.

    `iss` and `sub` are the client id; `aud` is exactly one of `audiences`; `exp` is there and lies ten minutes ahead at
    most; `iat` and `nbf`, where they are, have come; `jti` is there. A minute of clock skew is forgiven. Keys and
    addresses of keys in the header are ignored and never fetched.
    """
    header, claims = parts_of(text)
    kid = kid_of(header, TYPES)
    if header["alg"] not in ALGORITHMS:
        raise BadToken("wrong_algorithm")
    # No key is called otherwise, and no database takes every text.
    if not (kid.isascii() and kid.isprintable()):
        raise BadToken("unknown_key")
    client_id = _text(claims, "iss", MAXIMUM_CLIENT_ID)
    if claims.get("sub") != client_id or not (client_id.isascii() and client_id.isprintable()):
        raise BadToken("bad_claims")
    _check_audience(claims.get("aud"), audiences)
    ends = _check_times(claims, at.timestamp())
    jti = _text(claims, "jti", MAXIMUM_JTI)
    return Assertion(client_id, jti, kid, header["alg"], datetime.fromtimestamp(ends, UTC), text)


def _text(claims: Mapping[str, Any], name: str, longest: int) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise BadToken("bad_claims")
    return value


def _check_audience(audience: object, audiences: Collection[str]) -> None:
    """One, written as a text or as a list of one: an assertion for others as well could be played back to us."""
    only = audience[0] if isinstance(audience, list) and len(audience) == 1 else audience
    if not isinstance(only, str) or only not in audiences:
        raise BadToken("bad_audience")


def _check_times(claims: Mapping[str, Any], now: float) -> float:
    ends, issued, begins = (_moment(claims, name) for name in ("exp", "iat", "nbf"))
    if ends is None:
        raise BadToken("bad_claims")
    if ends + LEEWAY_SECONDS <= now:
        raise BadToken("expired")
    if any(moment is not None and moment > now + LEEWAY_SECONDS for moment in (issued, begins)):
        raise BadToken("not_yet")
    if ends - (now + LEEWAY_SECONDS if issued is None else issued) > LONGEST_SECONDS:
        raise BadToken("lives_too_long")
    if begins is not None and begins > ends:
        raise BadToken("bad_claims")
    return ends


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    if name not in claims:
        return None
    value = claims[name]
    # In this order: a whole number may be too large to be asked whether it is finite; no other is between the two.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 2**40:
        raise BadToken("bad_claims")
    return float(value)
