"""Codes of an authenticator app (RFC 6238) and recovery codes: whether one is right, each of them once.

django-allauth remembers used codes in the cache, for half a minute and for one process: here the row remembers, so a
code that was seen over somebody's shoulder opens nothing, in no process.
"""

import hmac
import re
from datetime import datetime
from typing import Any

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt

PERIOD_SECONDS = 30
#: A clock may be wrong by so many steps: RFC 6238 §5.2 recommends one.
DRIFT = 1
LAST = "last_counter"


def counter_of(seed: str, code: str, *, at: datetime, after: int = -1) -> int | None:
    """The step for which an app with `seed` shows `code`; None for a wrong code and for one of step `after` or before.

    Every step is looked at, whichever fits: how long it takes says nothing.
    """
    sent, now, found = _digits(code), int(at.timestamp()) // PERIOD_SECONDS, None
    for counter in range(now - DRIFT, now + DRIFT + 1):
        is_right = hmac.compare_digest(format_hotp_value(hotp_value(seed, counter)), sent)
        if is_right and counter > after:
            found = counter
    return found


def note_use(row: Any, counter: int) -> None:
    """Remember on the app's row that this step is spent, and every one before it."""
    row.data[LAST] = counter
    row.save(update_fields=["data"])


def take_app_code(row: Any, code: str, *, at: datetime) -> bool:
    """Whether the app of this row shows `code` now, for the first time; its use is noted. The row must be held."""
    counter = counter_of(decrypt(row.data["secret"]), code, at=at, after=row.data.get(LAST, -1))
    if counter is None:
        return False
    row.last_used_at = at
    row.data[LAST] = counter
    row.save(update_fields=["data", "last_used_at"])
    return True


def take_recovery_code(row: Any, code: str, *, at: datetime) -> bool:
    """Whether `code` is one of the recovery codes that were not used yet; it is used now. The row must be held."""
    if not RecoveryCodes(row).validate_code(_digits(code)):
        return False
    type(row).objects.filter(pk=row.pk).update(last_used_at=at)
    return True


def _digits(code: str) -> str:
    """As it was meant: apps and people put spaces and hyphens between digits."""
    return re.sub(r"[\s-]", "", code, flags=re.ASCII)[:20].encode("ascii", "replace").decode()
