"""The two keys, and what lies open beside them."""

import base64
import binascii
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage

from config.deploy_checks.findings import error, warning

#: Values that stand in documentation, examples and tests; a secret everybody knows is none.
SAMPLE_WORDS = (
    "django-insecure",
    "change-me",
    "changeme",
    "change_me",
    "example",
    "sample",
    "secret-key",
    "replace",
    "steward-test",
)
MINIMAL_SECRET_KEY = 50
MINIMAL_TOKEN = 20
FORMER = "Keep the one that is being replaced, until replace_encryption_key says that it may go."
OPENS = 'python -c "import base64,os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())"'


def looks_like_a_sample(value: str) -> bool:
    """Whether it was copied from somewhere, or typed with one finger."""
    return any(word in value.lower() for word in SAMPLE_WORDS) or len(set(value)) < 5


def secret_key_is_own(**_: Any) -> list[CheckMessage]:
    """E002: sessions are signed with it; every process must share one that nobody else knows."""
    if "SECRET_KEY" in settings.GENERATED_KEYS:
        return error(2, "SECRET_KEY is not set.", "Set it to at least 50 random characters.")
    if len(settings.SECRET_KEY) < MINIMAL_SECRET_KEY or looks_like_a_sample(settings.SECRET_KEY):
        return error(2, "SECRET_KEY is a sample or too short.", "Use 50 random characters.")
    return []


def encryption_key_is_own(**_: Any) -> list[CheckMessage]:
    """E003: vault values and signing keys rest under it; lost or guessed, so are they."""
    if "STEWARD_ENCRYPTION_KEY" in settings.GENERATED_KEYS:
        return error(3, "STEWARD_ENCRYPTION_KEY is not set.", OPENS)
    if not _is_random(settings.STEWARD_ENCRYPTION_KEY):
        return error(3, "STEWARD_ENCRYPTION_KEY is not 32 random bytes in base64.", OPENS)
    return []


def keys_are_apart(**_: Any) -> list[CheckMessage]:
    """E009: two keys that are one open everything when either is lost."""
    if settings.SECRET_KEY == settings.STEWARD_ENCRYPTION_KEY:
        return error(9, "SECRET_KEY and STEWARD_ENCRYPTION_KEY are the same.", "Make another SECRET_KEY.")
    return []


def former_keys_are_former(**_: Any) -> list[CheckMessage]:
    """E010: what a former key signed counts: a sample there lets anybody write a session."""
    for key in settings.SECRET_KEY_FALLBACKS:
        if len(key) < MINIMAL_SECRET_KEY or looks_like_a_sample(key):
            return error(10, "SECRET_KEY_FALLBACKS holds a sample or a short key.", "Take it out.")
        if key in {settings.SECRET_KEY, settings.STEWARD_ENCRYPTION_KEY}:
            return error(10, "SECRET_KEY_FALLBACKS holds a key that is in use.", "Take it out.")
    return []


def former_keys_end(**_: Any) -> list[CheckMessage]:
    """W002: a key that was replaced because it was seen must not count for ever."""
    if len(settings.SECRET_KEY_FALLBACKS) > 1:
        return warning(
            2, "SECRET_KEY_FALLBACKS holds more than one key.", "Sessions last 12 hours: after a day take it out."
        )
    return []


def former_encryption_keys_are_former(**_: Any) -> list[CheckMessage]:
    """E025: one that is malformed stops every process; one that is in use, or known to everybody, is not former."""
    for key in settings.STEWARD_ENCRYPTION_KEY_FALLBACKS:
        if not _is_random(key):
            return error(25, "STEWARD_ENCRYPTION_KEY_FALLBACKS holds what is not 32 random bytes in base64.", FORMER)
        if key.rstrip("=") in {settings.STEWARD_ENCRYPTION_KEY.rstrip("="), settings.SECRET_KEY}:
            return error(25, "STEWARD_ENCRYPTION_KEY_FALLBACKS holds a key that is in use.", "Take it out.")
    return []


def former_encryption_keys_end(**_: Any) -> list[CheckMessage]:
    """W017: whoever has a former key may seal, hash and sign what counts, for as long as it is here."""
    if len(settings.STEWARD_ENCRYPTION_KEY_FALLBACKS) > 1:
        return warning(17, "STEWARD_ENCRYPTION_KEY_FALLBACKS holds more than one key.", FORMER)
    return []


def metrics_token_is_own(**_: Any) -> list[CheckMessage]:
    """E011: the page tells how many of what there are, to whoever guesses the token."""
    token = settings.METRICS_TOKEN
    if token and (len(token) < MINIMAL_TOKEN or looks_like_a_sample(token)):
        return error(11, "METRICS_TOKEN is a sample or too short.", "Use 20 random characters, or unset it.")
    return []


def first_password_is_gone(**_: Any) -> list[CheckMessage]:
    """W003: it was needed once; every process and whoever may look at one still has it."""
    if settings.ADMIN_PASSWORD:
        return warning(
            3, "STEWARD_ADMIN_PASSWORD is set.", "first_admin makes one and shows it once: unset this, and change it."
        )
    return []


def data_folder_is_own(**_: Any) -> list[CheckMessage]:
    """E012: checkpoints that others may cut, or key files that others may read, prove and protect nothing."""
    folder = Path(settings.DATA_DIR)
    if _grants(folder, stat.S_IWOTH):
        return error(12, f"Everybody may write in {folder}.", f"chmod o-w {folder}")
    for name in ("secret_key", "encryption_key"):
        if _grants(folder / name, stat.S_IRWXG | stat.S_IRWXO):
            return error(12, f"Others may read {folder / name}.", f"chmod 600 {folder / name}")
    return []


def _is_random(text: str) -> bool:
    try:
        key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        return False
    return len(key) == 32 and len(set(key)) >= 12


def _grants(path: Path, bits: int) -> bool:
    try:
        return bool(path.stat().st_mode & bits)
    except OSError:
        return False


CHECKS: tuple[Callable[..., list[CheckMessage]], ...] = (
    secret_key_is_own,
    encryption_key_is_own,
    keys_are_apart,
    former_keys_are_former,
    former_keys_end,
    former_encryption_keys_are_former,
    former_encryption_keys_end,
    metrics_token_is_own,
    first_password_is_gone,
    data_folder_is_own,
)
