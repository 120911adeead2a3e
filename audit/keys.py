"""Keys for separate purposes, all grown from the one encryption key that lives outside the database."""

from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

KEY_BYTES = 32


def derived_key(info: bytes) -> bytes:
    """32 bytes of HKDF-SHA256 (RFC 5869) over `STEWARD_ENCRYPTION_KEY`; a different `info` is an unrelated key."""
    return _derive(settings.STEWARD_ENCRYPTION_KEY, info)


@lru_cache(maxsize=64)
def _derive(text: str, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(_decoded(text))


def _decoded(text: str) -> bytes:
    try:
        key = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (NotBase64, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        msg = "STEWARD_ENCRYPTION_KEY must be 32 random bytes in URL-safe base64."
        raise ImproperlyConfigured(msg)
    return key
