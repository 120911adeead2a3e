"""What is for development, for showing, or would let two workers run one run."""

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage

from config.deploy_checks.findings import error, warning

#: A worker that missed one sign of life may still be at it.
HEARTBEATS = 2


def debug_is_off(**_: Any) -> list[CheckMessage]:
    """E001: tracebacks show what they must not."""
    return error(1, "DEBUG is on.", "Unset DEBUG.") if settings.DEBUG else []


def demo_is_off(**_: Any) -> list[CheckMessage]:
    """E021: the demo opens a payroll system that asks nobody who they are, and loads accounts."""
    return error(21, "STEWARD_DEMO is on.", "Unset it; manage.py remove_demo takes it out.") if settings.DEMO else []


def logs_are_quiet(**_: Any) -> list[CheckMessage]:
    """W016: what libraries say at DEBUG was written for nobody else to read."""
    if settings.LOG_LEVEL.upper() == "DEBUG":
        return warning(16, "LOG_LEVEL is DEBUG.", "Unset it: INFO.")
    return []


def leases_outlast_heartbeats(**_: Any) -> list[CheckMessage]:
    """E022: a lease shorter than two signs of life takes runs from workers that are alive, and they run twice."""
    if settings.RUN_HEARTBEAT_SECONDS <= 0 or (
        settings.RUN_LEASE_SECONDS < HEARTBEATS * settings.RUN_HEARTBEAT_SECONDS + 1
    ):
        hint = "Unset both: a sign each 15 seconds, a lease of 50."
        return error(22, "RUN_LEASE_SECONDS is not more than two of RUN_HEARTBEAT_SECONDS.", hint)
    return []


def partner_keys_are_public(**_: Any) -> list[CheckMessage]:
    """E023: of a partner only the public half belongs here, and a setting nobody can read lets no report in."""
    from identities.detections import partner_keys

    text = settings.STEWARD_LEAK_PARTNER_KEYS
    if "PRIVATE KEY" in text:
        return error(23, "STEWARD_LEAK_PARTNER_KEYS holds a private key.", "Keep the public half; the key is burnt.")
    try:
        partner_keys.read_keys(text)
    except partner_keys.BadPartnerKeys as fault:
        return error(23, f"STEWARD_LEAK_PARTNER_KEYS cannot be read: {fault}", "See docs/leaks.md.")
    return []


def only_warnings_are_accepted(**_: Any) -> list[CheckMessage]:
    """E024: what is not fit to go live does not become so by being named."""
    for name in settings.ACCEPTED_WARNINGS:
        if not re.fullmatch(r"(steward|security)\.W\d{3}", name):
            return error(24, f"STEWARD_ACCEPT_WARNINGS holds {name}, which is no warning.", "Mend it instead.")
    return []


CHECKS: tuple[Callable[..., list[CheckMessage]], ...] = (
    debug_is_off,
    demo_is_off,
    logs_are_quiet,
    leases_outlast_heartbeats,
    partner_keys_are_public,
    only_warnings_are_accepted,
)
