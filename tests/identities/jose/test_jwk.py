"""A public key as others bring it: three kinds, each looked at before it is trusted."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from identities.jose import jwk as jwks
from identities.jose.jwk import BadKey

P256 = ec.generate_private_key(ec.SECP256R1()).public_key()
P384 = ec.generate_private_key(ec.SECP384R1()).public_key()
ED = ed25519.Ed25519PrivateKey.generate().public_key()
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
# RFC 8037, appendix A.3.
RFC_ED = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}


@pytest.mark.parametrize(("key", "alg"), [(P256, "ES256"), (P384, "ES384"), (ED, "EdDSA"), (RSA, "RS256")])
def test_a_key_comes_back_with_the_algorithm_of_its_kind(key: Any, alg: str) -> None:
    found, its = jwks.read(jwks.members_of(key))
    assert (found, its) == (key, alg)


def test_an_rsa_key_may_be_for_pss() -> None:
    assert jwks.read({**jwks.members_of(RSA), "alg": "PS256"})[1] == "PS256"


def test_the_thumbprint_of_an_okp_key_is_the_one_the_rfc_shows() -> None:
    assert jwks.thumbprint(RFC_ED) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def _off_the_curve() -> dict[str, str]:
    members = jwks.members_of(P256)
    return {**members, "y": members["x"]}


@pytest.mark.parametrize(
    "document",
    [
        _off_the_curve(),
        {**jwks.members_of(P256), "crv": "P-384"},
        {**jwks.members_of(P256), "alg": "ES384"},
        {**jwks.members_of(P256), "alg": "none"},
        {**jwks.members_of(P256), "alg": ["ES256"]},
        {**jwks.members_of(P256), "d": "AA"},
        {**jwks.members_of(P256), "x": "AA" + jwks.members_of(P256)["x"]},
        {**RFC_ED, "x": "AAAA"},
        {**RFC_ED, "alg": "HS256"},
        {"kty": "oct", "k": "AAAA"},
        {},
    ],
)
def test_a_key_that_is_malformed_or_of_another_kind_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(BadKey):
        jwks.read(document)


P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P


def _added(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    (a, b), (c, d) = one, other
    product = D * a * b * c * d
    return (a * d + b * c) * pow(1 + product, -1, P) % P, (b * d + a * c) * pow(1 - product, -1, P) % P


@pytest.mark.parametrize("point", sorted(jwks._SMALL_ORDER))
@pytest.mark.parametrize("sign", [0, 0x80])
def test_a_key_under_which_anybody_can_sign_is_refused(point: bytes, sign: int) -> None:
    """Each of the listed points is of small order by the curve's own arithmetic, and taken for a key with no sign."""
    y = int.from_bytes(point, "little") % P
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    assert x * x % P == square
    eighth = (x, y)
    for _ in range(3):
        eighth = _added(eighth, eighth)
    assert eighth == (0, 1)
    with pytest.raises(BadKey):
        jwks.read({**RFC_ED, "x": jwks.encode(point[:31] + bytes([point[31] | sign]))})
