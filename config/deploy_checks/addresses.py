"""By which names we are reached, through whom, and whom we call."""

import ipaddress
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage
from django.http.request import validate_host

from config.deploy_checks.findings import error, warning

#: More hops than this in front are rare, and each that is not there lets callers choose their address.
MOST_PROXIES = 3
#: Wider than this is no network of one's own: 10.0.0.0/8 is.
WIDEST = {4: 8, 6: 32}
#: Where a cloud hands its machines their credentials, and this machine itself.
NEVER = tuple(ipaddress.ip_network(text) for text in ("127.0.0.0/8", "::1/128", "169.254.0.0/16", "fe80::/10"))
PRIVATE = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def issuer_is_set(**_: Any) -> list[CheckMessage]:
    """E004: `iss` is what others trust; it may not follow from an address somebody happened to bind. Secure cookies,
    the redirect to https and HSTS follow from it."""
    if not settings.PASSPORT_ISSUER_IS_SET:
        return error(4, "PASSPORT_ISSUER is not set.", "Set it to the public https address.")
    if not settings.PASSPORT_ISSUER.startswith("https://"):
        return error(4, "PASSPORT_ISSUER is not an https address.", "RFC 8414 §2 asks for https.")
    return []


def hosts_are_named(**_: Any) -> list[CheckMessage]:
    """E005: an open host list lets a stranger's Host header into links and mails."""
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        return error(5, "ALLOWED_HOSTS is empty or '*'.", "Name the public host.")
    if settings.ALLOWED_HOSTS == settings.LOCAL_HOSTS:
        return error(5, "ALLOWED_HOSTS is not set.", "Name the public host.")
    if any(host.startswith(".") and "." not in host[1:] for host in settings.ALLOWED_HOSTS if host != ".localhost"):
        return error(5, "ALLOWED_HOSTS holds a whole top-level domain.", "Name the public host.")
    return []


def issuer_is_served(**_: Any) -> list[CheckMessage]:
    """E013: who follows `iss` to the metadata must arrive here."""
    host = urlsplit(settings.PASSPORT_ISSUER).hostname or ""
    open_list = "*" in settings.ALLOWED_HOSTS or not settings.ALLOWED_HOSTS
    is_asked = settings.PASSPORT_ISSUER_IS_SET and settings.ALLOWED_HOSTS != settings.LOCAL_HOSTS
    if is_asked and not open_list and not validate_host(host, settings.ALLOWED_HOSTS):
        return error(13, f"ALLOWED_HOSTS does not hold {host}, the host of PASSPORT_ISSUER.", "Add it.")
    return []


def origins_are_https(**_: Any) -> list[CheckMessage]:
    """E014: whoever can answer for such an origin can send forms in somebody else's session."""
    for origin in settings.CSRF_TRUSTED_ORIGINS:
        if not origin.startswith("https://") or "*" in origin:
            return error(14, f"CSRF_TRUSTED_ORIGINS holds {origin}.", "Name https origins without a wildcard.")
    return []


def proxies_are_counted(**_: Any) -> list[CheckMessage]:
    """E015: below zero the scheme is believed and the address is not."""
    if settings.TRUSTED_PROXIES < 0:
        return error(15, "TRUSTED_PROXIES is less than 0.", "Set it to the number of proxies in front.")
    return []


def proxies_are_plausible(**_: Any) -> list[CheckMessage]:
    """W004: with none every caller has the proxy's address and pages are sent to https for ever; with too many, callers
    say themselves where they come from, and limits by address count nothing."""
    if settings.TRUSTED_PROXIES == 0:
        hint = "Behind nginx or an ingress set it to 1. Where gunicorn ends TLS itself, accept this warning."
        return warning(4, "TRUSTED_PROXIES is 0: nobody in front is believed.", hint)
    if settings.TRUSTED_PROXIES > MOST_PROXIES:
        return warning(4, f"TRUSTED_PROXIES is {settings.TRUSTED_PROXIES}.", "Count only those that are there.")
    return []


def gunicorn_believes_few(**_: Any) -> list[CheckMessage]:
    """E016: whoever reaches gunicorn could then say under which path and scheme it was asked."""
    if "*" in settings.FORWARDED_ALLOW_IPS.split(","):
        return error(16, "FORWARDED_ALLOW_IPS is '*'.", "Unset it: Steward reads the scheme by TRUSTED_PROXIES.")
    return []


def passport_is_reached_safely(**_: Any) -> list[CheckMessage]:
    """W005: workers send clients' secrets there."""
    address = urlsplit(settings.PASSPORT_URL)
    if settings.PASSPORT_URL_IS_SET and address.scheme != "https" and address.hostname not in LOOPBACK:
        hint = "Name an https address. Inside a network that nobody else shares, accept this warning."
        return warning(5, "PASSPORT_URL is a plain http address of another machine.", hint)
    return []


def private_networks_are_few(**_: Any) -> list[CheckMessage]:
    """E017: workflows may call what is named here: never this machine or a cloud's metadata, never everything."""
    for text in settings.STEWARD_OUTBOUND_PRIVATE_ALLOW:
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            return error(17, f"STEWARD_OUTBOUND_PRIVATE_ALLOW holds {text}, which is no network.", "Write 10.2.0.0/16.")
        if network.prefixlen < WIDEST[network.version] or any(_overlap(network, never) for never in NEVER):
            hint = "Name the networks that workflows have to call, and no loopback or link-local address."
            return error(17, f"STEWARD_OUTBOUND_PRIVATE_ALLOW holds {text}.", hint)
    return []


def private_networks_are_narrow(**_: Any) -> list[CheckMessage]:
    """W006: a whole 10.0.0.0/8 holds what nobody meant."""
    for text in settings.STEWARD_OUTBOUND_PRIVATE_ALLOW:
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            continue
        if network in PRIVATE:
            return warning(6, f"STEWARD_OUTBOUND_PRIVATE_ALLOW holds all of {text}.", "Name the part that is needed.")
    return []


def _overlap(left: Any, right: Any) -> bool:
    return left.version == right.version and bool(left.overlaps(right))


CHECKS: tuple[Callable[..., list[CheckMessage]], ...] = (
    issuer_is_set,
    hosts_are_named,
    issuer_is_served,
    origins_are_https,
    proxies_are_counted,
    proxies_are_plausible,
    gunicorn_believes_few,
    passport_is_reached_safely,
    private_networks_are_few,
    private_networks_are_narrow,
)
