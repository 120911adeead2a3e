"""No forged token is taken: the list of RFC 8725 as a table."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from identities.jose import keys
from identities.jose.sign import Signer, sign
from identities.jose.verify import LEEWAY_SECONDS, BadToken, verify

ISSUER, AUDIENCE, TYP, KID = "https://steward.example", "steward", "at+jwt", "the-key"
OURS, THEIRS = keys.generate_rsa(), keys.generate_rsa()
PUBLIC = {KID: OURS.public_key()}
HEADER = {"alg": "RS256", "typ": TYP, "kid": KID}
NOW = int(time.time())


@pytest.fixture(autouse=True)
def _then() -> Iterator[None]:
    """Tokens are made as this file is read: each is looked at in that second, however long the suite has run."""
    with time_machine.travel(NOW, tick=False):
        yield


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims(**changed: Any) -> dict[str, Any]:
    members = {"iss": ISSUER, "sub": "mi_1", "aud": AUDIENCE, "exp": NOW + 60, "iat": NOW, "nbf": NOW, "jti": "j"}
    return {name: value for name, value in (members | changed).items() if value is not ...}


def raw(header: dict[str, Any] | str, payload: dict[str, Any] | str, key: rsa.RSAPrivateKey = OURS) -> str:
    parts = [part if isinstance(part, str) else json.dumps(part) for part in (header, payload)]
    signed = ".".join(b64(part.encode()) for part in parts)
    return f"{signed}.{b64(key.sign(signed.encode(), padding.PKCS1v15(), SHA256()))}"


def with_header(**changed: Any) -> str:
    return raw({name: value for name, value in (HEADER | changed).items() if value is not ...}, claims())


def with_claims(**changed: Any) -> str:
    return raw(HEADER, claims(**changed))


def hmac_with_public_key(encoding: Encoding) -> str:
    form = PublicFormat.SubjectPublicKeyInfo
    secret = OURS.public_key().public_bytes(encoding, form)
    signed = f"{b64(json.dumps(HEADER | {'alg': 'HS256'}).encode())}.{b64(json.dumps(claims()).encode())}"
    return f"{signed}.{b64(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def pss() -> str:
    signed = f"{b64(json.dumps(HEADER | {'alg': 'PS256'}).encode())}.{b64(json.dumps(claims()).encode())}"
    signature = OURS.sign(signed.encode(), padding.PSS(padding.MGF1(SHA256()), 32), SHA256())
    return f"{signed}.{b64(signature)}"


def sha512() -> str:
    signed = f"{b64(json.dumps(HEADER).encode())}.{b64(json.dumps(claims()).encode())}"
    return f"{signed}.{b64(OURS.sign(signed.encode(), padding.PKCS1v15(), SHA512()))}"


def tampered() -> str:
    head, _, signature = with_claims().split(".")
    return f"{head}.{b64(json.dumps(claims(sub='mi_2')).encode())}.{signature}"


def with_stray_bits() -> str:
    good = with_claims()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    # 256 bytes end in a letter of which two bits count: the other four may not vary.
    return good[:-1] + alphabet[alphabet.index(good[-1]) + 1]


def signed_by_jwk() -> str:
    return raw(HEADER | {"kid": "new", "jwk": keys.public_jwk(THEIRS.public_key())}, claims(), THEIRS)


def doubled(part: str) -> str:
    if part == "header":
        return raw('{"alg":"RS256","typ":"at+jwt","kid":"the-key","kid":"the-key"}', claims())
    return raw(HEADER, json.dumps(claims())[:-1] + ',"sub":"mi_2"}')


FORGED = {
    "empty": "",
    "one dot": "a.b",
    "five parts, encrypted": f"{with_claims()}.x.y",
    "unsigned": f"{b64(json.dumps({'alg': 'none', 'typ': TYP, 'kid': KID}).encode())}."
    f"{b64(json.dumps(claims()).encode())}.",
    "alg none, signed": with_header(alg="none"),
    "alg None": with_header(alg="None"),
    "alg missing": with_header(alg=...),
    "alg null": with_header(alg=None),
    "alg a list": with_header(alg=["RS256"]),
    "alg RS512 over RS256": with_header(alg="RS512"),
    "alg rs256": with_header(alg="rs256"),
    "PSS": pss(),
    "SHA-512 under RS256": sha512(),
    "HMAC with the public key as PEM": hmac_with_public_key(Encoding.PEM),
    "HMAC with the public key as DER": hmac_with_public_key(Encoding.DER),
    "another key under our kid": raw(HEADER, claims(), THEIRS),
    "unknown kid": with_header(kid="other"),
    "kid missing": with_header(kid=...),
    "kid empty": with_header(kid=""),
    "kid a number": with_header(kid=1),
    "kid a path": with_header(kid="../../dev/null"),
    "kid of 257 letters": with_header(kid="k" * 257),
    "the key in the header": signed_by_jwk(),
    "typ missing": with_header(typ=...),
    "typ JWT": with_header(typ="JWT"),
    "typ of a person": with_header(typ="user+jwt"),
    "typ upper case": with_header(typ="AT+JWT"),
    "typ with application": with_header(typ="application/at+jwt"),
    "crit": with_header(crit=["exp"]),
    "crit empty": with_header(crit=[]),
    "b64 false": with_header(b64=False),
    "zip": with_header(zip="DEF"),
    "enc": with_header(enc="A256GCM"),
    "tampered claims": tampered(),
    "signature cut": with_claims()[:-4],
    "signature empty": with_claims().rsplit(".", 1)[0] + ".",
    "stray bits in the last letter": with_stray_bits(),
    "padding": with_claims() + "=",
    "a line break": with_claims() + "\n",
    "standard base64": with_claims().replace("-", "+").replace("_", "/") + "+",
    "header doubled": doubled("header"),
    "claims doubled": doubled("claims"),
    "header a list": raw('["RS256"]', claims()),
    "claims a list": raw(HEADER, '["x"]'),
    "claims not JSON": raw(HEADER, "{"),
    "claims NaN": raw(HEADER, '{"exp": NaN}'),
    "deeply nested": raw(HEADER, "[" * 4000 + "]" * 4000),
    "longer than allowed": with_claims(extra="x" * 20_000),
    "issuer other": with_claims(iss="https://evil.example"),
    "issuer longer": with_claims(iss=ISSUER + "/"),
    "issuer a list": with_claims(iss=[ISSUER]),
    "issuer missing": with_claims(iss=...),
    "audience other": with_claims(aud="other"),
    "audience a list of one": with_claims(aud=[AUDIENCE]),
    "audience a list with ours": with_claims(aud=["other", AUDIENCE]),
    "audience missing": with_claims(aud=...),
    "audience empty": with_claims(aud=""),
    "expired": with_claims(exp=NOW - LEEWAY_SECONDS - 30),
    "exp missing": with_claims(exp=...),
    "exp a text": with_claims(exp="9999999999"),
    "exp a fraction": with_claims(exp=NOW + 60.5),
    "exp true": with_claims(exp=True),
    "exp beyond all clocks": with_claims(exp=1e400),
    "not yet": with_claims(nbf=NOW + 600),
    "issued later": with_claims(iat=NOW + 600),
    "iat missing": with_claims(iat=...),
    "iat a text": with_claims(iat="now"),
    "jti missing": with_claims(jti=...),
    "jti a number": with_claims(jti=7),
    "sub missing": with_claims(sub=...),
    "sub a number": with_claims(sub=7),
    "sub empty": with_claims(sub=""),
}


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED.keys())
def test_a_forged_token_is_refused(token: str) -> None:
    with pytest.raises(BadToken):
        verify(token, PUBLIC, audience=AUDIENCE, issuer=ISSUER, typ=TYP)


def test_what_we_sign_we_take() -> None:
    wanted = claims()
    text = sign(wanted, Signer(KID, OURS), typ=TYP)
    assert verify(text, PUBLIC, audience=AUDIENCE, issuer=ISSUER, typ=TYP) == wanted
    assert jwt.get_unverified_header(text) == HEADER


def test_an_address_of_keys_in_the_header_is_not_looked_at(socket_disabled: None) -> None:
    token = with_header(jku="https://evil.example/keys", x5u="https://evil.example/chain", x5c=["AAAA"], jwk={})
    assert verify(token, PUBLIC, audience=AUDIENCE, issuer=ISSUER, typ=TYP)["sub"] == "mi_1"


def test_a_clock_may_be_a_little_off() -> None:
    late = with_claims(exp=NOW - LEEWAY_SECONDS + 3)
    assert verify(late, PUBLIC, audience=AUDIENCE, issuer=ISSUER, typ=TYP)


def test_a_refusal_has_a_reason_and_nothing_of_the_token() -> None:
    with pytest.raises(BadToken) as refused:
        verify(FORGED["typ of a person"], PUBLIC, audience=AUDIENCE, issuer=ISSUER, typ=TYP)
    assert refused.value.reason == str(refused.value) == "wrong_type"
    assert refused.value.__cause__ is None


CURVE = keys.generate("ES256")
BOTH = {**PUBLIC, "the-curve": CURVE.public_key()}


def test_each_key_verifies_with_its_own_algorithm_only() -> None:
    by_curve = sign(claims(), Signer("the-curve", CURVE), typ=TYP)
    assert verify(by_curve, BOTH, audience=AUDIENCE, issuer=ISSUER, typ=TYP)["sub"] == "mi_1"
    for forged in (
        sign(claims(), Signer(KID, CURVE), typ=TYP),
        sign(claims(), Signer("the-curve", OURS), typ=TYP),
        raw({**HEADER, "alg": "RS256", "kid": "the-curve"}, claims()),
        raw({**HEADER, "alg": "ES256"}, claims()),
        by_curve[:-4],
    ):
        with pytest.raises(BadToken):
            verify(forged, BOTH, audience=AUDIENCE, issuer=ISSUER, typ=TYP)
