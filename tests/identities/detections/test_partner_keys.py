"""Only the holder of a configured key on P-256 signs; everything else looks alike and costs alike."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from identities.detections.partner_keys import BadPartnerKeys, is_signed, read_keys

KEY, OTHER = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
BODY = b'[{"token": "x"}]'


def pem(key):
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def signed(body=BODY, key=KEY, digest=None):
    return base64.b64encode(key.sign(body, ec.ECDSA(digest or SHA256()))).decode()


@pytest.fixture(autouse=True)
def keys(settings):
    settings.STEWARD_LEAK_PARTNER_KEYS = json.dumps({"a": pem(KEY), "b": pem(OTHER)})


@pytest.mark.parametrize(
    ("key_id", "signature"),
    [
        ("", signed()),
        ("c", signed()),
        ("b", signed()),
        ("a", signed(key=OTHER)),
        ("a", signed(b"another body")),
        ("a", signed(digest=SHA384())),
        ("a", ""),
        ("a", "%%%"),
        ("a", "é"),
        ("a", base64.b64encode(b"no signature").decode()),
        ("a", signed() * 10),
    ],
    # Names of tests: the same in every process.
    ids=[
        "no key", "a key unknown", "by another of ours", "by the other key", "of another body", "another digest",
        "none", "no base64", "no ASCII", "no DER", "ten times",
    ],
)  # fmt: skip
def test_nothing_else_is_a_signature(key_id, signature):
    assert is_signed(BODY, key_id=key_id, signature=signature) is False


def test_each_key_signs_for_itself():
    assert is_signed(BODY, key_id="a", signature=signed())
    assert is_signed(BODY, key_id="b", signature=signed(key=OTHER))


@pytest.mark.parametrize("text", ["{", "[]", '"x"', '{"a": "no key"}', '{"a": 5}', '{"a": null}'])
def test_a_setting_that_holds_no_keys_lets_nobody_in(settings, text):
    settings.STEWARD_LEAK_PARTNER_KEYS = text
    assert is_signed(BODY, key_id="a", signature=signed()) is False
    with pytest.raises(BadPartnerKeys):
        read_keys(text)


@pytest.mark.parametrize(
    "key", [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(public_exponent=65537, key_size=2048)]
)
def test_a_key_of_another_kind_is_refused(key):
    with pytest.raises(BadPartnerKeys, match="P-256"):
        read_keys(json.dumps({"a": pem(key)}))


def test_no_setting_is_no_keys():
    assert read_keys("") == {}
