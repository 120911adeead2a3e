"""Verifying: RFC 8725 as a list of refusals, before and after the signature is looked at."""

import base64
import binascii
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import jwt

from identities.jose.keys import PublicKey, algorithm_of

LEEWAY_SECONDS = 5
MAXIMUM_LENGTH = 16_384
MAXIMUM_KID = 256
HEADER_MEMBERS = frozenset({"alg", "typ", "kid", "jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "cty"})
REQUIRED_CLAIMS = ("iss", "sub", "aud", "exp", "iat", "jti")
BASE64URL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

PublicKeys = Mapping[str, PublicKey]


class BadToken(Exception):
    """A token that is not taken. `reason` is a short code for logs and audit; callers show none of it to a stranger."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def verify(token: str, keys: PublicKeys, *, audience: str, issuer: str, typ: str) -> dict[str, Any]:
    """The claims of `token`, or BadToken.

    The algorithm is that of the key (RS256, ES256), never the token's choice. `kid` must name one of `keys`; `typ` must
    be exactly `typ`; `aud` must be the one text `audience`, `iss` exactly `issuer`; `exp` and `iat` must be there,
    `exp` not passed and `nbf` reached within 5 seconds of clock skew. Keys or addresses inside the token (`jwk`, `jku`,
    `x5c`, `x5u`) are ignored and never fetched; encrypted, compressed, `crit` and doubled members are refused.
    Not promised: that the token has not been revoked; `tokens.verification` asks that.
    """
    header = header_of(token)
    kid = kid_of(header, (typ,))
    key = keys.get(kid)
    if key is None:
        raise BadToken("unknown_key")
    alg = algorithm_of(key)
    if header.get("alg") != alg:
        raise BadToken("wrong_algorithm")
    claims = _signed_claims(token, key, alg, audience, issuer)
    _check_claims(claims, audience)
    return claims


def header_of(token: str) -> dict[str, Any]:
    """The header, unverified and only for choosing a verifier; raises BadToken when it cannot be read."""
    return parts_of(token)[0]


def parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, unverified, of a text that is a compact JWS to the last bit; else raises BadToken."""
    if len(token) > MAXIMUM_LENGTH:
        raise BadToken("too_long")
    parts = token.split(".")
    if len(parts) != 3:
        raise BadToken("not_a_compact_signature")
    if not all(part and _is_canonical(part) for part in parts):
        raise BadToken("malformed")
    return _load(parts[0]), _load(parts[1])


def _is_canonical(part: str) -> bool:
    """Base64url of exactly one text: no padding, no foreign letter, no stray bits in the last letter."""
    if not BASE64URL.issuperset(part) or len(part) % 4 == 1:
        return False
    tail = part[-(len(part) % 4 or 4) :]
    return base64.urlsafe_b64encode(_decode(tail)).rstrip(b"=").decode() == tail


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _load(part: str) -> dict[str, Any]:
    try:
        loaded = json.loads(_decode(part).decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, binascii.Error, RecursionError):
        raise BadToken("malformed") from None
    if not isinstance(loaded, dict):
        raise BadToken("malformed")
    return loaded


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise BadToken("doubled_member")
    return members


def _no_constant(name: str) -> None:
    raise BadToken("malformed")


def kid_of(header: Mapping[str, Any], types: Collection[str]) -> str:
    """The name of the key, out of a header of one of these types without a member nobody knows; else BadToken."""
    if not isinstance(header.get("alg"), str):
        raise BadToken("wrong_algorithm")
    if not isinstance(header.get("typ"), str) or header["typ"] not in types:
        raise BadToken("wrong_type")
    if not header.keys() <= HEADER_MEMBERS:
        raise BadToken("unknown_header")
    kid = header.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= MAXIMUM_KID:
        raise BadToken("unknown_key")
    return kid


def _signed_claims(token: str, key: PublicKey, alg: str, audience: str, issuer: str) -> dict[str, Any]:
    try:
        return dict(
            jwt.decode(
                token,
                key,
                algorithms=[alg],
                audience=audience,
                issuer=issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": list(REQUIRED_CLAIMS), "strict_aud": True},
            )
        )
    except jwt.ExpiredSignatureError:
        raise BadToken("expired") from None
    except jwt.ImmatureSignatureError:
        raise BadToken("not_yet_valid") from None
    except jwt.InvalidSignatureError:
        raise BadToken("bad_signature") from None
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
        raise BadToken("bad_claims") from None


def _check_claims(claims: Mapping[str, Any], audience: str) -> None:
    if not all(isinstance(claims[name], str) and claims[name] for name in ("iss", "sub", "jti")):
        raise BadToken("bad_claims")
    if not all(type(claims[name]) is int for name in ("exp", "iat")) or claims["aud"] != audience:
        raise BadToken("bad_claims")
