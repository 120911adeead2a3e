"""`check --deploy`: what may not be so once others depend on this installation; the embedded portal never asks."""

import base64
import binascii
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register as register_check  # noqa: A004

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


def _looks_like_a_sample(value: str) -> bool:
    return any(word in value.lower() for word in SAMPLE_WORDS) or len(set(value)) < 5


def debug_is_off(**_: Any) -> list[CheckMessage]:
    """E001: tracebacks show what they must not."""
    return [Error("DEBUG is on.", hint="Unset DEBUG.", id="steward.E001")] if settings.DEBUG else []


def secret_key_is_own(**_: Any) -> list[CheckMessage]:
    """E002: sessions are signed with it; every process must share one that nobody else knows."""
    if "SECRET_KEY" in settings.GENERATED_KEYS:
        return [Error("SECRET_KEY is not set.", hint="Set it to at least 50 random characters.", id="steward.E002")]
    if len(settings.SECRET_KEY) < MINIMAL_SECRET_KEY or _looks_like_a_sample(settings.SECRET_KEY):
        return [Error("SECRET_KEY is a sample or too short.", hint="Use 50 random characters.", id="steward.E002")]
    return []


def encryption_key_is_own(**_: Any) -> list[CheckMessage]:
    """E003: vault values and signing keys rest under it; lost or guessed, so are they."""
    hint = 'python -c "import base64,os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())"'
    if "STEWARD_ENCRYPTION_KEY" in settings.GENERATED_KEYS:
        return [Error("STEWARD_ENCRYPTION_KEY is not set.", hint=hint, id="steward.E003")]
    try:
        key = base64.urlsafe_b64decode(settings.STEWARD_ENCRYPTION_KEY)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != 32 or len(set(key)) < 12:
        return [Error("STEWARD_ENCRYPTION_KEY is not 32 random bytes in base64.", hint=hint, id="steward.E003")]
    return []


def issuer_is_set(**_: Any) -> list[CheckMessage]:
    """E004: `iss` is what others trust; it may not follow from an address somebody happened to bind."""
    if not settings.PASSPORT_ISSUER_IS_SET:
        return [Error("PASSPORT_ISSUER is not set.", hint="Set it to the public https address.", id="steward.E004")]
    if not settings.PASSPORT_ISSUER.startswith("https://"):
        return [
            Error("PASSPORT_ISSUER is not an https address.", hint="RFC 8414 §2 asks for https.", id="steward.E004")
        ]
    return []


def hosts_are_named(**_: Any) -> list[CheckMessage]:
    """E005: an open host list lets a stranger's Host header into links and mails."""
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        return [Error("ALLOWED_HOSTS is empty or '*'.", hint="Name the public host.", id="steward.E005")]
    if settings.ALLOWED_HOSTS == settings.LOCAL_HOSTS:
        return [Error("ALLOWED_HOSTS is not set.", hint="Name the public host.", id="steward.E005")]
    return []


def broker_is_shared(**_: Any) -> list[CheckMessage]:
    """E006: memory:// rings inside one process only."""
    if settings.CELERY_BROKER_URL.startswith("memory"):
        return [Error("CELERY_BROKER_URL is memory://.", hint="Use Redis, Valkey or RabbitMQ.", id="steward.E006")]
    return []


def database_is_a_server(**_: Any) -> list[CheckMessage]:
    """E007: SQLite serves one process on one machine."""
    if "sqlite" in settings.DATABASES["default"]["ENGINE"]:
        return [Error("The database is SQLite.", hint="Set DATABASE_URL to PostgreSQL.", id="steward.E007")]
    return []


def provider_is_safe(**_: Any) -> list[CheckMessage]:
    """E008: whoever speaks for the provider signs in as anybody; over plain http that is whoever sits in between."""
    issuer = settings.STEWARD_OIDC_ISSUER
    if not issuer:
        return []
    if not issuer.startswith("https://"):
        hint = "OpenID Connect Discovery §3 asks for https."
        return [Error("STEWARD_OIDC_ISSUER is not an https address.", hint=hint, id="steward.E008")]
    if not (settings.STEWARD_OIDC_CLIENT_ID and settings.STEWARD_OIDC_CLIENT_SECRET):
        hint = "Set STEWARD_OIDC_CLIENT_ID and STEWARD_OIDC_CLIENT_SECRET, or unset the issuer."
        return [Error("The OIDC provider has no client id or no secret.", hint=hint, id="steward.E008")]
    return []


def second_factor_is_on(**_: Any) -> list[CheckMessage]:
    """W001: a password that was learned opens everything its owner may do."""
    if settings.STEWARD_SECOND_FACTOR == "off":
        hint = "Leave it out (optional), or set it to required."
        return [Warning("STEWARD_SECOND_FACTOR is off.", hint=hint, id="steward.W001")]
    return []


CHECKS: tuple[Callable[..., list[CheckMessage]], ...] = (
    debug_is_off,
    secret_key_is_own,
    encryption_key_is_own,
    issuer_is_set,
    hosts_are_named,
    broker_is_shared,
    database_is_a_server,
    provider_is_safe,
    second_factor_is_on,
)


def register() -> None:
    """Hang every check on Django's `check --deploy`."""
    for check in CHECKS:
        register_check(check, Tags.security, deploy=True)
