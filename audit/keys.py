"""Keys for separate purposes, all grown from the one encryption key that lives outside the database."""

from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

KEY_BYTES, ID_BYTES = 32, 4


def derived_key(info: bytes) -> bytes:
    """32 bytes of HKDF-SHA256 (RFC 5869) over `STEWARD_ENCRYPTION_KEY`; a different `info` is an unrelated key."""
    return _derive(settings.STEWARD_ENCRYPTION_KEY, info)


def former_keys(info: bytes) -> tuple[bytes, ...]:
    """The same of each key in `STEWARD_ENCRYPTION_KEY_FALLBACKS`: what it made still counts, it makes nothing new."""
    return tuple(_derive(text, info) for text in settings.STEWARD_ENCRYPTION_KEY_FALLBACKS)


def accepted_keys(info: bytes) -> tuple[bytes, ...]:
    """What may have made a thing that counts: the present key first."""
    return derived_key(info), *former_keys(info)


def has_former() -> bool:
    """Whether a replacement is under way at all."""
    return bool(settings.STEWARD_ENCRYPTION_KEY_FALLBACKS)


def key_id() -> str:
    """By what name the present key is told from others; it says nothing about it, and may be shown."""
    return _id(settings.STEWARD_ENCRYPTION_KEY)


def accepted_ids() -> tuple[str, ...]:
    """The ids of all keys that are here, the present one first."""
    return key_id(), *(_id(text) for text in settings.STEWARD_ENCRYPTION_KEY_FALLBACKS)


def derived_under(of: str, info: bytes) -> bytes | None:
    """As `derived_key`, from the key with this id; None where it is not here."""
    return dict(zip(accepted_ids(), accepted_keys(info), strict=True)).get(of)


def _id(text: str) -> str:
    return _derive(text, b"steward key id")[:ID_BYTES].hex()


@lru_cache(maxsize=128)
def _derive(text: str, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(_decoded(text))


def _decoded(text: str) -> bytes:
    try:
        key = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (NotBase64, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        msg = "STEWARD_ENCRYPTION_KEY, and each of its fallbacks, must be 32 random bytes in URL-safe base64."
        raise ImproperlyConfigured(msg)
    return key
