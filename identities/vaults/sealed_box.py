"""Encryption at rest: AES-256-GCM under a key that is derived per purpose and never in the database."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from os import urandom

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.views.decorators.debug import sensitive_variables

from audit import keys

FORM = "v1."
NONCE_BYTES = 12


class CannotOpen(ValueError):
    """Sealed under another key or for another purpose or place, or changed since."""


@sensitive_variables("content", "key")
def seal(content: bytes, purpose: str, *, place: str = "") -> str:
    """`content` encrypted for one purpose, as ASCII text. It opens only with the same `purpose` and `place`.

    `place` names the row it belongs to, so that a sealed text copied into another row does not open there.
    """
    key = keys.derived_key(_info(purpose))
    nonce = urandom(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, content, place.encode())
    return FORM + urlsafe_b64encode(nonce + sealed).decode("ascii")


@sensitive_variables("key")
def open(text: str, purpose: str, *, place: str = "") -> bytes:  # noqa: A001 - always read as sealed_box.open
    """The content `seal` was given; raises `CannotOpen`, which names the purpose and nothing of the content."""
    key = keys.derived_key(_info(purpose))
    try:
        if not text.startswith(FORM):
            raise CannotOpen(purpose)
        raw = urlsafe_b64decode(text.removeprefix(FORM))
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], place.encode())
    except (InvalidTag, NotBase64, ValueError) as error:
        raise CannotOpen(purpose) from error


def _info(purpose: str) -> bytes:
    return f"steward sealed box: {purpose}".encode()
