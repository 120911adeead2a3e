"""A public key as RFC 7517 writes it, and back: RSA, the curves P-256 and P-384, Ed25519 (RFC 7518, RFC 8037)."""

import base64
import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from identities.jose.rsa_keys import BadKey, check_public

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
#: What a key of each kind is: all that its thumbprint covers, and all that is published or kept of it.
MEMBERS = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}
#: The algorithms that a key of a kind and curve may sign with; the first is meant where none is named.
ALGORITHMS = {
    ("RSA", None): ("RS256", "PS256"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("OKP", "Ed25519"): ("EdDSA",),
}
ALGORITHM_OF_CURVE = {"secp256r1": "ES256", "secp384r1": "ES384", "ed25519": "EdDSA"}
_CURVES: dict[str, tuple[ec.EllipticCurve, int]] = {"P-256": (ec.SECP256R1(), 32), "P-384": (ec.SECP384R1(), 48)}
# Points of small order, without the sign bit: under such a "key" anybody can make signatures that hold.
_SMALL_ORDER = {
    bytes(32),
    b"\x01" + bytes(31),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    *(bytes([first]) + b"\xff" * 30 + b"\x7f" for first in (0xEC, 0xED, 0xEE)),
}


def read(jwk: Mapping[str, Any]) -> tuple[PublicKey, str]:
    """The key of a signing JWK, and the algorithm it is for.

    Raises BadKey for another kind, use or algorithm, for private members, and for a key that is malformed or weak.
    """
    kind, curve = jwk.get("kty"), jwk.get("crv")
    named = (str(kind), str(curve) if kind != "RSA" else None)
    fitting = ALGORITHMS.get(named) if isinstance(kind, str) else None
    if fitting is None:
        raise BadKey("not an RSA, P-256, P-384 or Ed25519 key")
    if PRIVATE_MEMBERS & jwk.keys():
        raise BadKey("a public key with private members")
    if jwk.get("use", "sig") != "sig" or ("key_ops" in jwk and jwk["key_ops"] != ["verify"]):
        raise BadKey("not a key to verify signatures with")
    alg = jwk.get("alg", fitting[0])
    if alg not in fitting:
        raise BadKey(f"not a key for {' or '.join(fitting)} signatures")
    try:
        return _load(str(kind), jwk), str(alg)
    except (KeyError, ValueError, TypeError, AttributeError):
        raise BadKey(f"malformed {kind} key") from None


def members_of(key: PublicKey) -> dict[str, str]:
    """Those members of its JWK that say what the key is."""
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return {"kty": "RSA", "n": to_base64url(numbers.n), "e": to_base64url(numbers.e)}
    if isinstance(key, ed25519.Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw))}
    name, size = next((name, size) for name, (curve, size) in _CURVES.items() if curve.name == key.curve.name)
    point = key.public_numbers()
    return {
        "kty": "EC",
        "crv": name,
        "x": encode(point.x.to_bytes(size, "big")),
        "y": encode(point.y.to_bytes(size, "big")),
    }


def check(key: object) -> PublicKey:
    """The key, if it is of a kind we use and strong enough; else raises BadKey."""
    if isinstance(key, rsa.RSAPublicKey):
        check_public(key)
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in ALGORITHM_OF_CURVE:
        return key
    if isinstance(key, ed25519.Ed25519PublicKey):
        point = bytearray(key.public_bytes(Encoding.Raw, PublicFormat.Raw))
        point[31] &= 0x7F
        if bytes(point) not in _SMALL_ORDER:
            return key
        raise BadKey("an Ed25519 key of small order")
    raise BadKey("not an RSA, P-256, P-384 or Ed25519 key")


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """RFC 7638: SHA-256 over the required members in their canonical form, base64url without padding."""
    members = {name: jwk[name] for name in MEMBERS[jwk["kty"]]}
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True)
    return encode(hashlib.sha256(canonical.encode()).digest())


def encode(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def to_base64url(number: int) -> str:
    """A number in as few bytes as hold it."""
    return encode(number.to_bytes(math.ceil(number.bit_length() / 8), "big"))


def _load(kind: str, jwk: Mapping[str, Any]) -> PublicKey:
    if kind == "RSA":
        return check(rsa.RSAPublicNumbers(_number(jwk["e"]), _number(jwk["n"])).public_key())
    if kind == "OKP":
        return check(ed25519.Ed25519PublicKey.from_public_bytes(_bytes(jwk["x"])))
    curve, size = _CURVES[jwk["crv"]]
    x, y = _bytes(jwk["x"]), _bytes(jwk["y"])
    if len(x) != size or len(y) != size:
        raise ValueError("a coordinate of another length")
    return check(ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), curve).public_key())


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _number(text: str) -> int:
    return int.from_bytes(_bytes(text), "big")
