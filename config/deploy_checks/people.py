"""Who comes in, how, and for how long."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage

from config.deploy_checks.findings import error, warning

HOUR, DAY = 3600, 86_400
#: Seconds that a token may live: more than the first is told, more than the second refused. An hour is what the threat
#: model says of a machine's token: so long an offline verifier may take one that was revoked.
LIFETIMES = {
    "PASSPORT_TOKEN_TTL": (HOUR, DAY),
    "AUTH_ACCESS_TOKEN_TTL": (HOUR, DAY),
    "AUTH_REFRESH_TOKEN_TTL": (30 * DAY, 90 * DAY),
}
SHORTEST_PASSWORD, GOOD_PASSWORD = 8, 12


def provider_is_safe(**_: Any) -> list[CheckMessage]:
    """E008: whoever speaks for the provider signs in as anybody; over plain http that is whoever sits in between."""
    issuer = settings.STEWARD_OIDC_ISSUER
    if not issuer:
        return []
    if not issuer.startswith("https://"):
        return error(8, "STEWARD_OIDC_ISSUER is not an https address.", "OpenID Connect Discovery §3 asks for https.")
    if not (settings.STEWARD_OIDC_CLIENT_ID and settings.STEWARD_OIDC_CLIENT_SECRET):
        hint = "Set STEWARD_OIDC_CLIENT_ID and STEWARD_OIDC_CLIENT_SECRET, or unset the issuer."
        return error(8, "The OIDC provider has no client id or no secret.", hint)
    return []


def second_factor_is_on(**_: Any) -> list[CheckMessage]:
    """W001: a password that was learned opens everything its owner may do."""
    if settings.STEWARD_SECOND_FACTOR == "off":
        return warning(1, "STEWARD_SECOND_FACTOR is off.", "Leave it out (optional), or set it to required.")
    return []


def nobody_lets_themselves_in(**_: Any) -> list[CheckMessage]:
    """W012: whoever reaches the portal makes an account and reads the register with it."""
    if settings.STEWARD_ALLOW_REGISTER:
        return warning(12, "STEWARD_ALLOW_REGISTER is on.", "Unset it: an ADMIN makes accounts.")
    return []


def nobody_becomes_admin_by_silence(**_: Any) -> list[CheckMessage]:
    """W013: a role that was left out is then the widest there is."""
    if settings.STEWARD_DEFAULT_USER_ROLE == "ADMIN":
        return warning(13, "STEWARD_DEFAULT_USER_ROLE is ADMIN.", "Unset it, and name the role with each account.")
    return []


def passwords_are_long(**_: Any) -> list[CheckMessage]:
    """E019, W014: a short one is found offline, or guessed slowly."""
    length = settings.AUTH_PASSWORD_MIN_LENGTH
    fact, hint = f"AUTH_PASSWORD_MIN_LENGTH is {length}.", f"Unset it: {GOOD_PASSWORD}."
    if length < SHORTEST_PASSWORD:
        return error(19, fact, hint)
    return warning(14, fact, hint) if length < GOOD_PASSWORD else []


def tokens_end(**_: Any) -> list[CheckMessage]:
    """E020, W015: a token that was stolen works until its end."""
    found: list[CheckMessage] = []
    for name, (long, longest) in LIFETIMES.items():
        seconds = getattr(settings, name)
        fact, hint = f"{name} is {seconds}.", f"At most {long} seconds, or unset it."
        if not 0 < seconds <= longest:
            found += error(20, fact, hint)
        elif seconds > long:
            found += warning(15, fact, hint)
    return found


CHECKS: tuple[Callable[..., list[CheckMessage]], ...] = (
    provider_is_safe,
    second_factor_is_on,
    nobody_lets_themselves_in,
    nobody_becomes_admin_by_silence,
    passwords_are_long,
    tokens_end,
)
