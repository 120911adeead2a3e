"""The environment that settings are read from; what is secret may lie in a file that a variable names."""

from collections.abc import Mapping
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

#: `NAME_FILE` may stand for `NAME`: secrets of Docker and Kubernetes and systemd's credentials are files, and a file
#: is neither in `docker inspect` nor in /proc/PID/environ.
IN_FILES = (
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "STEWARD_ENCRYPTION_KEY",
    "STEWARD_ENCRYPTION_KEY_FALLBACKS",
    "DATABASE_URL",
    "CELERY_BROKER_URL",
    "CACHE_URL",
    "EMAIL_URL",
    "METRICS_TOKEN",
    "STEWARD_ADMIN_PASSWORD",
    "STEWARD_OIDC_CLIENT_SECRET",
)


def read(given: Mapping[str, str]) -> dict[str, str]:
    """`given` without what is set to nothing, which is not set, and with what lies in files.

    Raises ImproperlyConfigured for a name that is set both ways, and for a file that cannot be read or holds nothing:
    a secret that is missing must not look like one that nobody wanted.
    """
    found = {name: value for name, value in given.items() if value}
    for name in IN_FILES:
        place = found.pop(f"{name}_FILE", "")
        if not place:
            continue
        if name in found:
            raise ImproperlyConfigured(f"{name} and {name}_FILE are both set; keep one.")
        found[name] = _content(name, Path(place))
    return found


def _content(name: str, path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise ImproperlyConfigured(f"{name}_FILE: {path} cannot be read: {reason}.") from None
    if not text:
        raise ImproperlyConfigured(f"{name}_FILE: {path} is empty.")
    return text
