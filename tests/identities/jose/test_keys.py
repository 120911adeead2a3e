"""Keys are looked at before they are trusted."""

import math
import secrets
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from identities.jose import jwk as jwks, keys, rsa_keys

# The example of RFC 7638 §3.1.
RFC_JWK = {
    "kty": "RSA",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjB"
    "ZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8"
    "KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_"
    "xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    "e": "AQAB",
}


@pytest.fixture(scope="module")
def private() -> rsa.RSAPrivateKey:
    return keys.generate_rsa()


def jwk(n: int, e: int = 65537, **more: Any) -> dict[str, Any]:
    numbers = {"n": jwks.to_base64url(n), "e": jwks.to_base64url(e)}
    return {"kty": "RSA", "use": "sig", "alg": "RS256", **numbers, **more}


def roca_modulus() -> int:
    primorial = math.prod(rsa_keys.SMALL_PRIMES) * 2
    power = pow(65537, 12345, primorial)
    return power + primorial * (1 << (2049 - primorial.bit_length()))


def test_the_thumbprint_is_the_one_the_rfc_shows() -> None:
    assert keys.thumbprint(RFC_JWK) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"kty": "EC", "crv": "P-256"}, "malformed"),
        ({"kty": "EC", "crv": "secp256k1"}, "not an RSA"),
        ({"kty": "OKP", "crv": "X25519", "x": "AA"}, "not an RSA"),
        ({"kty": ["RSA"]}, "not an RSA"),
        ({**RFC_JWK, "kty": "oct"}, "not an RSA"),
        ({**RFC_JWK, "use": "enc"}, "signatures"),
        ({**RFC_JWK, "alg": "HS256"}, "not a key for RS256"),
        ({**RFC_JWK, "alg": "PS256"}, "not a key for RS256 or ES256"),
        ({**RFC_JWK, "key_ops": ["sign", "verify"]}, "verify"),
        ({**RFC_JWK, "d": "AQAB"}, "private"),
        ({**RFC_JWK, "n": "!!"}, "malformed"),
        ({**RFC_JWK, "n": 5}, "malformed"),
        ({"kty": "RSA", "e": "AQAB"}, "malformed"),
        ({**RFC_JWK, "e": "Aw"}, "exponent"),
        (jwk(secrets.randbits(1022) | (1 << 1023) | 1), "1024 bits"),
        (jwk((1 << 2047) + 2), "even"),
        (jwk((1 << 9000) + 1), "9001 bits"),
    ],
)
def test_a_key_that_must_not_be_used_is_refused_when_it_is_loaded(document: dict[str, Any], why: str) -> None:
    with pytest.raises(keys.BadKey, match=why):
        keys.public_key_from_jwk(document)


def test_a_key_of_the_faulty_generator_is_refused() -> None:
    modulus = roca_modulus()
    assert modulus.bit_length() >= keys.MINIMUM_BITS
    with pytest.raises(keys.BadKey, match="generator"):
        keys.public_key_from_jwk(jwk(modulus))


def test_a_private_key_of_a_kind_that_we_do_not_sign_with_is_refused() -> None:
    other = ec.generate_private_key(ec.SECP384R1())
    with pytest.raises(keys.BadKey):
        keys.from_der(other.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


def test_a_short_private_key_is_refused() -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - the point of the test
    with pytest.raises(keys.BadKey):
        keys.from_der(keys.to_der(short))


def test_a_key_comes_back_from_its_bytes_and_from_its_public_half(private: rsa.RSAPrivateKey) -> None:
    again = keys.from_der(keys.to_der(private))
    public = keys.public_jwk(private.public_key())
    assert isinstance(again, rsa.RSAPrivateKey)
    assert again.private_numbers() == private.private_numbers()
    assert keys.public_key_from_jwk(public).public_numbers() == private.public_key().public_numbers()
    assert public["kid"] == keys.thumbprint(public)
    assert not keys.PRIVATE_MEMBERS & public.keys()


def test_a_key_of_a_curve_comes_back_too_and_signs_with_its_own_algorithm() -> None:
    private = keys.generate("ES256")
    again, public = keys.from_der(keys.to_der(private)), keys.public_jwk(private.public_key())
    assert keys.algorithm_of(again) == public["alg"] == "ES256"
    assert set(public) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert keys.public_key_from_jwk(public) == private.public_key()
