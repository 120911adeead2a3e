"""RSA keys: made, named by their thumbprint, and looked at before they are trusted."""

import base64
import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

ALGORITHM = "RS256"
MINIMUM_BITS = 2048
MAXIMUM_BITS = 8192
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
SMALL_PRIMES = tuple(n for n in range(3, 168) if all(n % divisor for divisor in range(2, n)))


class BadKey(Exception):
    """A key that must not be used; the message says why and holds nothing of the key."""


def generate_rsa(bits: int = MINIMUM_BITS) -> rsa.RSAPrivateKey:
    """A new private key with the public exponent 65537."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def to_der(key: rsa.RSAPrivateKey) -> bytes:
    """PKCS#8 bytes, unencrypted: the caller seals them before they touch a disk."""
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def from_der(data: bytes) -> rsa.RSAPrivateKey:
    """The private key in PKCS#8 `data`; raises BadKey unless it is RSA and strong enough."""
    key = load_der_private_key(data, password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise BadKey("not an RSA key")
    check_public(key.public_key())
    return key


def check_public(key: rsa.RSAPublicKey) -> None:
    """Raises BadKey for a modulus outside 2048 to 8192 bits, a weak exponent, or the ROCA mark (CVE-2017-15361)."""
    numbers = key.public_numbers()
    if not MINIMUM_BITS <= numbers.n.bit_length() <= MAXIMUM_BITS:
        raise BadKey(f"RSA modulus of {numbers.n.bit_length()} bits")
    if numbers.e < 65537 or numbers.e % 2 == 0 or numbers.e.bit_length() > 64:
        raise BadKey("RSA exponent out of range")
    if numbers.n % 2 == 0:
        raise BadKey("RSA modulus is even")
    if _has_roca_fingerprint(numbers.n):
        raise BadKey("RSA modulus was made by a generator known to be weak")


def _has_roca_fingerprint(modulus: int) -> bool:
    """Whether the modulus is a power of 65537 modulo each small prime, as only the faulty generator makes it."""
    return all(modulus % prime in _POWERS[prime] for prime in SMALL_PRIMES)


def _powers_of_65537(prime: int) -> frozenset[int]:
    return frozenset(pow(65537, exponent, prime) for exponent in range(prime - 1))


_POWERS = {prime: _powers_of_65537(prime) for prime in SMALL_PRIMES}


def public_jwk(key: rsa.RSAPublicKey) -> dict[str, str]:
    """The public half as a JWK (RFC 7517) with `kid`, `use` and `alg`."""
    numbers = key.public_numbers()
    members = {"kty": "RSA", "n": _to_base64url(numbers.n), "e": _to_base64url(numbers.e)}
    return {**members, "kid": thumbprint(members), "use": "sig", "alg": ALGORITHM}


def thumbprint(jwk: Mapping[str, str]) -> str:
    """RFC 7638: SHA-256 over the required members in their canonical form, base64url without padding."""
    canonical = json.dumps({name: jwk[name] for name in ("e", "kty", "n")}, separators=(",", ":"), sort_keys=True)
    return _encode(hashlib.sha256(canonical.encode()).digest())


def public_key_from_jwk(jwk: Mapping[str, Any]) -> rsa.RSAPublicKey:
    """The key of an RSA signing JWK; raises BadKey for another kind, use or algorithm, private members, a weak key."""
    if jwk.get("kty") != "RSA" or jwk.get("use", "sig") != "sig" or jwk.get("alg", ALGORITHM) != ALGORITHM:
        raise BadKey("not an RSA key for RS256 signatures")
    if PRIVATE_MEMBERS & jwk.keys():
        raise BadKey("a public key with private members")
    if "key_ops" in jwk and jwk["key_ops"] != ["verify"]:
        raise BadKey("not a key to verify with")
    try:
        key = rsa.RSAPublicNumbers(_from_base64url(jwk["e"]), _from_base64url(jwk["n"])).public_key()
    except (KeyError, ValueError, TypeError, AttributeError):
        raise BadKey("malformed RSA key") from None
    check_public(key)
    return key


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _to_base64url(number: int) -> str:
    return _encode(number.to_bytes(math.ceil(number.bit_length() / 8), "big"))


def _from_base64url(text: str) -> int:
    return int.from_bytes(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True), "big")
