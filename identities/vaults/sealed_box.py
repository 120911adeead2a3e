"""Encryption at rest: AES-256-GCM under a key that is derived per purpose and never in the database."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from contextlib import suppress
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


def open(text: str, purpose: str, *, place: str = "") -> bytes:  # noqa: A001 - always read as sealed_box.open
    """The content `seal` was given; raises `CannotOpen`, which names the purpose and nothing of the content.

    Whatever a former key sealed opens too, for as long as that is among the fallbacks.
    """
    found = _opened(text, keys.accepted_keys(_info(purpose)), place)
    if found is None:
        raise CannotOpen(purpose)
    return found


@sensitive_variables("content")
def resealed(text: str, purpose: str, *, place: str = "") -> str | None:
    """The same content sealed with the present key; None where it is. Raises `CannotOpen`."""
    if _opened(text, keys.accepted_keys(_info(purpose))[:1], place) is not None:
        return None
    content = open(text, purpose, place=place)
    return seal(content, purpose, place=place)


@sensitive_variables("accepted", "key")
def _opened(text: str, accepted: Sequence[bytes], place: str) -> bytes | None:
    if not text.startswith(FORM):
        return None
    try:
        raw = urlsafe_b64decode(text.removeprefix(FORM))
    except (NotBase64, ValueError):
        return None
    for key in accepted:
        with suppress(InvalidTag, ValueError):
            return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], place.encode())
    return None


def _info(purpose: str) -> bytes:
    return f"steward sealed box: {purpose}".encode()
