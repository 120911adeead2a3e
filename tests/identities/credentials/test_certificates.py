"""Certificates as people paste them: read for their facts, refused with a private key, never a crash."""

import contextlib
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given, strategies

from identities.credentials import certificates
from identities.credentials.certificates import Certificate, NotACertificate

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
ROOT = ec.generate_private_key(ec.SECP256R1())


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(
    key: Any = ROOT, subject: str = "payroll", issuer: str = "", by: Any = None, *, is_authority: bool | None = None
) -> str:
    """PEM of a certificate for the public half of `key`."""
    signing = by or key
    built = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer or subject))
        .public_key(key.public_key())
        .serial_number(0xABC123)
        .not_valid_before(SINCE)
        .not_valid_after(SINCE + timedelta(days=90))
    )
    if is_authority is not None:
        built = built.add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    made = built.sign(signing, None if isinstance(signing, ed25519.Ed25519PrivateKey) else SHA256())
    return made.public_bytes(Encoding.PEM).decode()


LEAF_KEY = ec.generate_private_key(ec.SECP384R1())
PRIVATE = LEAF_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_a_certificate_says_whose_it_is_and_until_when() -> None:
    found = certificates.read(certificate(LEAF_KEY, "payroll", "Our CA", ROOT))
    assert (found.subject, found.issuer, found.serial) == ("CN=payroll", "CN=Our CA", "abc123")
    assert (found.not_before, found.not_after) == (SINCE, SINCE + timedelta(days=90))
    assert (found.key_algorithm, found.key_size) == ("EC secp384r1", 384)
    assert len(found.fingerprint) == 64
    assert set(found.as_json()) == {"subject", "issuer", "serial", "not_before", "key_algorithm", "key_size"}


@pytest.mark.parametrize(
    ("key", "algorithm", "size"),
    [
        (rsa.generate_private_key(public_exponent=65537, key_size=1024), "RSA", 1024),  # noqa: S505
        (ed25519.Ed25519PrivateKey.generate(), "Ed25519", 256),
    ],
)
def test_kind_and_size_of_the_key_are_told_also_of_a_weak_one(key: Any, algorithm: str, size: int) -> None:
    found = certificates.read(certificate(key))
    assert (found.key_algorithm, found.key_size) == (algorithm, size)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_of_a_chain_in_any_order_the_leaf_is_taken(order: tuple[int, ...]) -> None:
    middle = ec.generate_private_key(ec.SECP256R1())
    chain = [
        certificate(LEAF_KEY, "payroll", "Middle", middle, is_authority=False),
        certificate(middle, "Middle", "Root", ROOT, is_authority=True),
        certificate(ROOT, "Root", is_authority=True),
    ]
    assert certificates.read("".join(chain[number] for number in order)).subject == "CN=payroll"


def test_words_around_it_and_windows_line_ends_do_no_harm() -> None:
    text = "subject=CN = payroll\n" + certificate() + "\nthat is all"
    assert certificates.read(text.replace("\n", "\r\n")).subject == "CN=payroll"


@pytest.mark.parametrize("text", [PRIVATE, certificate() + PRIVATE, PRIVATE + certificate()])
def test_a_private_key_is_refused_with_whatever_stands_beside_it(text: str) -> None:
    with pytest.raises(NotACertificate) as refused:
        certificates.read(text)
    assert "private key" in str(refused.value)
    assert not any(line in str(refused.value) for line in PRIVATE.splitlines()[1:-1])


GARBAGE = {
    "empty": "",
    "words": "hello",
    "half": certificate()[:200],
    "no body": "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
    "other bytes": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
    "changed": certificate().replace("M", "\u0416", 3),
    "too long": "x" * 70_000,
    "too many": certificate() * 21,
    "a request": certificate().replace("CERTIFICATE", "CERTIFICATE REQUEST"),
}


@pytest.mark.parametrize("text", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_is_refused_in_words(text: str) -> None:
    with pytest.raises(NotACertificate):
        certificates.read(text)


@given(strategies.binary(max_size=200), strategies.integers(0, 400))
def test_whatever_is_changed_in_it_there_is_an_answer(noise: bytes, place: int) -> None:
    good = certificate()
    text = good[:place] + noise.decode("latin-1") + good[place + len(noise) :]
    with contextlib.suppress(NotACertificate):
        assert isinstance(certificates.read(text), Certificate)


def test_beginnings_without_an_end_cost_no_more_than_their_length() -> None:
    text = "-----BEGIN CERTIFICATE-----\n" * 2300
    began = time.process_time()
    with pytest.raises(NotACertificate):
        certificates.read(text)
    assert time.process_time() - began < 0.5
