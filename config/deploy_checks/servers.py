"""The servers we stand on: shared by all processes, asked with a password, reached without anybody in between."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage

from config.deploy_checks.findings import error, warning

HERE = frozenset({"", "localhost", "127.0.0.1", "::1"})
CHECKED_TLS = frozenset({"verify-full", "verify-ca"})
SAFE_SCHEMES = frozenset({"rediss", "valkeys", "amqps"})
#: What a database's own administrators are called where nobody chose another name.
RULERS = frozenset({"postgres", "root", "admin"})


def database_is_a_server(**_: Any) -> list[CheckMessage]:
    """E007: SQLite serves one process on one machine."""
    if "sqlite" in settings.DATABASES["default"]["ENGINE"]:
        return error(7, "The database is SQLite.", "Set DATABASE_URL to PostgreSQL.")
    return []


def database_is_reached_safely(**_: Any) -> list[CheckMessage]:
    """W007: everything but sealed values passes there in clear, and whoever sits in between may answer."""
    database = settings.DATABASES["default"]
    host = str(database.get("HOST") or "")
    mode = str(database.get("OPTIONS", {}).get("sslmode", ""))
    if "sqlite" in database["ENGINE"] or host in HERE or host.startswith("/") or mode in CHECKED_TLS:
        return []
    hint = "Add ?sslmode=verify-full&sslrootcert=… to DATABASE_URL. In a network of your own, accept this warning."
    return warning(7, "The database on another machine is asked without checked TLS.", hint)


def database_user_is_no_ruler(**_: Any) -> list[CheckMessage]:
    """W008: a superuser reads other databases and files, and takes the audit's triggers away."""
    database = settings.DATABASES["default"]
    if "sqlite" not in database["ENGINE"] and database.get("USER") in RULERS:
        return warning(8, f"The database is asked as {database['USER']}.", "Make a user that owns this database alone.")
    return []


def broker_is_shared(**_: Any) -> list[CheckMessage]:
    """E006: memory:// rings inside one process only."""
    if settings.CELERY_BROKER_URL.startswith("memory"):
        return error(6, "CELERY_BROKER_URL is memory://.", "Use Redis, Valkey or RabbitMQ.")
    return []


def broker_asks_who_it_is(**_: Any) -> list[CheckMessage]:
    """E018: whoever reaches an open broker can empty it, or send us work."""
    address = urlsplit(settings.CELERY_BROKER_URL)
    if address.scheme == "memory":
        return []
    if address.scheme.startswith("amqp") and (address.username or "guest", address.password or "guest") == (
        "guest",
        "guest",
    ):
        return error(18, "The broker is asked as guest.", "Make a user of its own, with a vhost of its own.")
    if (address.hostname or "") not in HERE and not address.password and address.scheme not in SAFE_SCHEMES:
        return error(18, "The broker on another machine asks for no password.", "Set one, and name it in the address.")
    return []


def broker_is_reached_safely(**_: Any) -> list[CheckMessage]:
    """W009: messages carry ids alone, but the password passes in clear."""
    address = urlsplit(settings.CELERY_BROKER_URL)
    if address.scheme == "memory" or (address.hostname or "") in HERE or address.scheme in SAFE_SCHEMES:
        return []
    hint = "Use rediss:// or amqps://. In a network of your own, accept this warning."
    return warning(9, "The broker on another machine is asked without TLS.", hint)


def cache_is_shared(**_: Any) -> list[CheckMessage]:
    """W010: counters of failures kept by each process let a guesser try once more at each."""
    if "locmem" in settings.CACHES["default"]["BACKEND"]:
        return warning(10, "CACHE_URL is not set: each process counts failures by itself.", "Set it to redis://….")
    return []


def mail_is_sent_safely(**_: Any) -> list[CheckMessage]:
    """W011: notices name identities and what is wrong with them."""
    is_remote = settings.MAIL_IS_ON and "smtp" in settings.EMAIL_BACKEND and settings.EMAIL_HOST not in HERE
    if is_remote and not (getattr(settings, "EMAIL_USE_TLS", False) or getattr(settings, "EMAIL_USE_SSL", False)):
        return warning(11, "EMAIL_URL names another machine without TLS.", "Use smtp+tls:// or smtp+ssl://.")
    return []


CHECKS: tuple[Callable[..., list[CheckMessage]], ...] = (
    database_is_a_server,
    database_is_reached_safely,
    database_user_is_no_ruler,
    broker_is_shared,
    broker_asks_who_it_is,
    broker_is_reached_safely,
    cache_is_shared,
    mail_is_sent_safely,
)
