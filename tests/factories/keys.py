"""The installation's key and its replacement: a process with this one first, and those beside it."""

from base64 import urlsafe_b64encode

from django.test import override_settings

from audit import keys

A, B, C = (urlsafe_b64encode(bytes(range(first, first + 32))).decode() for first in (0, 64, 128))


def process(present: str, *former: str) -> override_settings:
    """What runs within was started with these keys."""
    return override_settings(STEWARD_ENCRYPTION_KEY=present, STEWARD_ENCRYPTION_KEY_FALLBACKS=list(former))


def id_of(key: str) -> str:
    with process(key):
        return keys.key_id()
