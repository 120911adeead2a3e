"""Keys that we sign with: RSA or P-256, named by their thumbprint, and looked at before they are trusted."""

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from identities.jose import jwk as jwks
from identities.jose.jwk import PRIVATE_MEMBERS, PublicKey, thumbprint
from identities.jose.rsa_keys import MINIMUM_BITS, BadKey, check_public

__all__ = [
    "ALGORITHM",
    "MINIMUM_BITS",
    "OURS",
    "PRIVATE_MEMBERS",
    "BadKey",
    "PrivateKey",
    "PublicKey",
    "algorithm_of",
    "check_public",
    "from_der",
    "generate",
    "generate_rsa",
    "public_jwk",
    "public_key_from_jwk",
    "thumbprint",
    "to_der",
]

ALGORITHM = "RS256"
#: What a token of ours may be signed with.
OURS = (ALGORITHM, "ES256")
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def generate(alg: str = ALGORITHM) -> PrivateKey:
    """A new private key for one of `OURS`."""
    return generate_rsa() if alg == ALGORITHM else ec.generate_private_key(ec.SECP256R1())


def generate_rsa(bits: int = MINIMUM_BITS) -> rsa.RSAPrivateKey:
    """A new private key with the public exponent 65537."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def to_der(key: PrivateKey) -> bytes:
    """PKCS#8 bytes, unencrypted: the caller seals them before they touch a disk."""
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def from_der(data: bytes) -> PrivateKey:
    """The private key in PKCS#8 `data`; raises BadKey unless it is one of ours in kind and strong enough.

    `data` is what `to_der` gave and a box has kept sealed: that its numbers are primes need not be proved again, at
    forty milliseconds a time.
    """
    key = load_der_private_key(data, password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) or algorithm_of(key) not in OURS:
        raise BadKey("not an RSA or P-256 key")
    jwks.check(key.public_key())
    return key


def algorithm_of(key: PublicKey | PrivateKey) -> str:
    """What a key signs with: it follows from its kind, never from a token. Empty for a kind that we do not use."""
    if isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey):
        return ALGORITHM
    curve = getattr(key, "curve", None)
    return jwks.ALGORITHM_OF_CURVE.get(curve.name if curve is not None else "ed25519", "")


def public_jwk(key: PublicKey) -> dict[str, str]:
    """The public half as a JWK (RFC 7517) with `kid`, `use` and `alg`."""
    members = jwks.members_of(key)
    return {**members, "kid": thumbprint(members), "use": "sig", "alg": algorithm_of(key)}


def public_key_from_jwk(jwk: Mapping[str, Any]) -> PublicKey:
    """The key of a JWK of ours; raises BadKey for any other kind or algorithm, private members, a weak key."""
    key, alg = jwks.read(jwk)
    if alg not in OURS:
        raise BadKey("not a key for RS256 or ES256 signatures")
    return key
