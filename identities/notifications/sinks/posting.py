"""One POST to an address somebody wrote down: it goes only where outgoing calls may go, and believes no answer."""

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

import requests
from django.conf import settings

from identities import networks
from identities.notifications.sinks.base import SinkFailed
from identities.vaults import landing
from identities.vaults.http import AnswerTooLarge, AnswerTooSlow, BoundedSession, Redirected

SECONDS = 10
LONGEST = 500


def problem_with(url: str) -> str:
    """What keeps `url` from being called, as far as its writing says; empty where nothing does. No look-up."""
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return f"must be a plain address of at most {LONGEST} characters"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "cannot be read as an address"
    if parts.scheme not in ("https", "http") or not host or "@" in parts.netloc:
        return "must read https://host[:port]/path, without a user name"
    address = landing.written(host)
    if address is not None and not landing.may_call(address, private=False):
        return "is a private address; STEWARD_OUTBOUND_PRIVATE_ALLOW does not name it"
    if parts.scheme == "http" and not _is_inside(host):
        return "must start with https://; plain http is for addresses in STEWARD_OUTBOUND_PRIVATE_ALLOW alone"
    return ""


def post(url: str, *, body: bytes, headers: Mapping[str, str]) -> None:
    """Send `body` once. Raises SinkFailed unless the answer is a 2xx that came in time; says nothing of the address."""
    if problem := problem_with(url):
        raise SinkFailed(f"The address {problem}.")
    session = BoundedSession(limit=SECONDS)
    for scheme in ("https://", "http://"):
        session.mount(scheme, landing.LookingAdapter(private=False))
    try:
        answer = session.post(url, data=body, headers={"User-Agent": "steward", **headers})
    except landing.AddressRefused:
        raise SinkFailed("The name stands for a private address, which may not be called.") from None
    except (requests.RequestException, ValueError) as error:
        raise SinkFailed(_named(error)) from None
    finally:
        session.close()
    if not 200 <= answer.status_code < 300:
        raise SinkFailed(f"The receiver answered {answer.status_code}.")


def _is_inside(host: str) -> bool:
    try:
        address = ip_address("127.0.0.1" if host.lower() == "localhost" else host)
    except ValueError:
        return False
    return networks.is_inside(address, networks.networks(settings.STEWARD_OUTBOUND_PRIVATE_ALLOW))


def _named(error: Exception) -> str:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    ways = (
        (isinstance(error, Redirected), "The receiver answered with a redirect, which is not followed."),
        (isinstance(error, AnswerTooLarge), "The receiver's answer is too large."),
        (isinstance(error, AnswerTooSlow | requests.Timeout), f"The receiver did not answer within {SECONDS} s."),
        (isinstance(error, requests.exceptions.SSLError), "The receiver's certificate does not hold."),
        (isinstance(reason, landing.NameUnknown), "The name in the address is not known."),
        (isinstance(error, requests.ConnectionError), "The receiver cannot be reached."),
    )
    return next((said for fits, said in ways if fits), "The receiver's answer cannot be read.")
