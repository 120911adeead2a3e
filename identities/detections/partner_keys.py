"""The signature under a partner's alert: ECDSA on P-256 with SHA-256 over the raw body, as secret scanning sends it."""

import base64
import json
from collections.abc import Mapping
from functools import lru_cache

import structlog
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.conf import settings

MAX_SIGNATURE = 200
ALGORITHM = ec.ECDSA(SHA256())
log = structlog.get_logger(__name__)


class BadPartnerKeys(ValueError):
    """The setting does not hold keys; the message says what is wrong with it."""


def is_signed(body: bytes, *, key_id: str, signature: str) -> bool:
    """Is `signature` (Base64 of DER) over `body` by the configured key with this id?

    An unknown id and a signature that cannot be read cost as much as a wrong one. Keys come from the setting
    STEWARD_LEAK_PARTNER_KEYS; without it nothing is ever signed.
    """
    key = _configured().get(key_id)
    known, public = key is not None, key or _nobody()
    try:
        given = base64.b64decode(signature[:MAX_SIGNATURE], validate=True)
        public.verify(given, body, ALGORITHM)
    except ValueError:
        _waste(public, body)
        return False
    except InvalidSignature:
        return False
    return known


def _configured() -> Mapping[str, ec.EllipticCurvePublicKey]:
    try:
        return read_keys(settings.STEWARD_LEAK_PARTNER_KEYS)
    except BadPartnerKeys as error:
        log.warning("leak.partner_keys_unreadable", reason=str(error))
        return {}


@lru_cache(maxsize=4)
def read_keys(text: str) -> Mapping[str, ec.EllipticCurvePublicKey]:
    """Public keys by id, from a JSON object of PEM texts. Raises BadPartnerKeys."""
    if not text.strip():
        return {}
    try:
        written = json.loads(text)
    except ValueError as error:
        raise BadPartnerKeys("STEWARD_LEAK_PARTNER_KEYS is a JSON object: id to public key in PEM.") from error
    if not isinstance(written, dict):
        raise BadPartnerKeys("STEWARD_LEAK_PARTNER_KEYS is a JSON object: id to public key in PEM.")
    return {str(key_id): _public(str(key_id), pem) for key_id, pem in written.items()}


def _public(key_id: str, pem: object) -> ec.EllipticCurvePublicKey:
    try:
        key = load_pem_public_key(str(pem).encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadPartnerKeys(f"The partner key {key_id} is no public key in PEM.") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise BadPartnerKeys(f"The partner key {key_id} is not on the curve P-256.")
    return key


@lru_cache(maxsize=1)
def _nobody() -> ec.EllipticCurvePublicKey:
    """A key whose private half nobody has: what an unknown id is checked against."""
    return ec.generate_private_key(ec.SECP256R1()).public_key()


@lru_cache(maxsize=1)
def _any_signature() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).sign(b"", ALGORITHM)


def _waste(public: ec.EllipticCurvePublicKey, body: bytes) -> None:
    try:
        public.verify(_any_signature(), body, ALGORITHM)
    except InvalidSignature:
        return
