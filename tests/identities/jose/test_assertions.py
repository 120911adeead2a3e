"""Assertions: what is read, and what of RFC 7523, RFC 8725 and usual tricks is refused before a key is looked for."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from identities.jose import jwk as jwks
from identities.jose.assertions import ALGORITHMS, LEEWAY_SECONDS, LONGEST_SECONDS, Assertion, read
from identities.jose.verify import BadToken
from tests.factories import client_keys

AT = datetime(2026, 5, 3, 12, tzinfo=UTC)
NOW = int(AT.timestamp())
ISSUER, ENDPOINT = "https://steward.example", "https://steward.example/passport/token"
KEY = ec.generate_private_key(ec.SECP256R1())
CLAIMS = {"iss": "mi_1", "sub": "mi_1", "aud": ISSUER, "exp": NOW + 60, "iat": NOW, "jti": "j"}
HEADER = {"alg": "ES256", "typ": "JWT", "kid": "k"}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def text(header: dict[str, Any] | None = None, **changed: Any) -> str:
    claims = {name: value for name, value in (CLAIMS | changed).items() if value is not ...}
    members = {name: value for name, value in (HEADER | (header or {})).items() if value is not ...}
    return ".".join([b64(json.dumps(members).encode()), b64(json.dumps(claims).encode()), b64(b"s" * 64)])


def taken(of: str) -> Assertion:
    return read(of, audiences=(ISSUER, ENDPOINT), at=AT)


GOOD = {
    "the issuer": text(),
    "the endpoint": text(aud=ENDPOINT),
    "a list of one": text(aud=[ISSUER]),
    "typed": text({"typ": "client-authentication+jwt"}),
    "without iat": text(iat=...),
    "a fraction of a second": text(iat=NOW - 0.5, exp=NOW + 30.5),
    "ten minutes": text(exp=NOW + LONGEST_SECONDS),
    "just ended": text(exp=NOW - LEEWAY_SECONDS + 1, iat=NOW - 300),
    "a clock that is ahead": text(iat=NOW + LEEWAY_SECONDS, nbf=NOW + LEEWAY_SECONDS, exp=NOW + 200),
    "a long jti": text(jti="j" * 256),
    "keys in the header": text({"jku": "https://evil.example", "x5u": "https://evil.example", "jwk": {}, "x5c": []}),
}


@pytest.mark.parametrize("of", GOOD.values(), ids=GOOD.keys())
def test_a_good_one_is_read_and_nothing_is_fetched(of: str, socket_disabled: None) -> None:
    found = taken(of)
    assert (found.client_id, found.kid, found.alg) == ("mi_1", "k", "ES256")


BAD = {
    "rubbish": "rubbish",
    "empty": "",
    "encrypted": text() + ".x.y",
    "alg none": text({"alg": "none"}),
    "alg HS256": text({"alg": "HS256"}),
    "alg missing": text({"alg": ...}),
    "alg RS512": text({"alg": "RS512"}),
    "an access token's type": text({"typ": "at+jwt"}),
    "a person's type": text({"typ": "user+jwt"}),
    "no type": text({"typ": ...}),
    "a type that is a list": text({"typ": ["JWT"]}),
    "no kid": text({"kid": ...}),
    "a long kid": text({"kid": "k" * 257}),
    "a kid that is a number": text({"kid": 1}),
    "a kid with a zero byte": text({"kid": "k\x00"}),
    "a kid with half a letter": text({"kid": "\ud800"}),
    "crit": text({"crit": ["exp"]}),
    "zip": text({"zip": "DEF"}),
    "b64": text({"b64": False}),
    "iss missing": text(iss=...),
    "iss of another": text(iss="mi_2"),
    "sub missing": text(sub=...),
    "sub of another": text(sub="mi_2"),
    "both a list": text(iss=["mi_1"], sub=["mi_1"]),
    "both empty": text(iss="", sub=""),
    "a client id with a zero byte": text(iss="mi_\x00", sub="mi_\x00"),
    "a client id of 300 letters": text(iss="m" * 300, sub="m" * 300),
    "aud missing": text(aud=...),
    "aud of another": text(aud="https://evil.example"),
    "aud of us and another": text(aud=[ISSUER, "https://evil.example"]),
    "aud of us twice": text(aud=[ISSUER, ENDPOINT]),
    "aud empty": text(aud=[]),
    "aud in a list in a list": text(aud=[[ISSUER]]),
    "aud longer": text(aud=ISSUER + "/"),
    "aud a number": text(aud=1),
    "exp missing": text(exp=...),
    "exp a text": text(exp=str(NOW + 60)),
    "exp true": text(exp=True),
    "exp null": text(exp=None),
    "exp beyond all clocks": text(exp=10**300),
    "exp beyond all fractions": text(exp=10**400),
    "iat beyond all fractions": text(iat=-(10**400)),
    "nbf infinite": text(nbf=float("inf")),
    "ended": text(exp=NOW - LEEWAY_SECONDS, iat=NOW - 300),
    "lives too long": text(exp=NOW + LONGEST_SECONDS + 1),
    "lives too long, without iat": text(exp=NOW + LONGEST_SECONDS + LEEWAY_SECONDS + 1, iat=...),
    "lives too long by an iat of long ago": text(iat=NOW - LONGEST_SECONDS, exp=NOW + 60),
    "issued later": text(iat=NOW + LEEWAY_SECONDS + 1, exp=NOW + 200),
    "not yet": text(nbf=NOW + LEEWAY_SECONDS + 1, exp=NOW + 200),
    "begins after its end": text(nbf=NOW + 50, exp=NOW + 40),
    "iat a text": text(iat="now"),
    "iat negative": text(iat=-5),
    "jti missing": text(jti=...),
    "jti empty": text(jti=""),
    "jti of 257": text(jti="j" * 257),
    "jti a number": text(jti=7),
}


@pytest.mark.parametrize("of", BAD.values(), ids=BAD.keys())
def test_a_bad_one_is_refused(of: str) -> None:
    with pytest.raises(BadToken):
        taken(of)


def test_it_is_known_how_long_it_could_be_shown_again() -> None:
    assert taken(text()).ends_at == AT + timedelta(seconds=60)


def test_neither_the_text_nor_the_jti_is_in_its_repr() -> None:
    found = taken(text(jti="canary"))
    assert "canary" not in repr(found)
    assert found.text not in repr(found)


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_only_the_key_that_made_it_proves_it_and_only_with_its_own_algorithm(alg: str) -> None:
    private, other = client_keys.private(alg), client_keys.rsa_key(1)
    signed = taken(jwt.encode(CLAIMS, private, algorithm=alg, headers={"kid": "k"}))
    public, its = jwks.read(client_keys.jwk_of(private, alg))
    assert signed.is_signed_by(public, its)
    assert not signed.is_signed_by(other.public_key(), "RS256")
    for wrong in (set(ALGORITHMS) | {"HS256", "none", "RS512"}) - {alg}:
        assert not signed.is_signed_by(public, wrong)


def test_the_public_key_is_no_secret_to_sign_with() -> None:
    secret = client_keys.pem_of(KEY).encode()
    import hashlib
    import hmac

    head = ".".join(text({"alg": "HS256"}).split(".")[:2])
    forged = f"{head}.{b64(hmac.digest(secret, head.encode(), hashlib.sha256))}"
    with pytest.raises(BadToken):
        taken(forged)
