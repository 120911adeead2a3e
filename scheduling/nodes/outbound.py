"""One outgoing HTTP request that cannot be led astray: no redirects, no proxy, no second look-up, no endless answer.

What is promised: the address that was checked is the one connected to, with the right Host and the right name in the
TLS handshake; nothing that was sent can start a second header or request; the whole call ends within `SECONDS`; at
most `MOST_BYTES` of an answer are read. Plain http goes to networks named in STEWARD_OUTBOUND_PRIVATE_ALLOW only.
"""

import contextlib
import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings

from identities import networks
from identities.networks import IPAddress
from scheduling.nodes import addresses
from scheduling.nodes.addresses import DEFAULT_PORTS, AllowedHost
from scheduling.nodes.failures import (
    AddressRefused,
    AnswerTooLarge,
    BadUrl,
    HostNotAllowed,
    TimedOut,
    Unreachable,
)

SECONDS = 30.0
CONNECT_SECONDS = 5.0
MOST_BYTES = 1024 * 1024
LONGEST_URL = 4000
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
CONTROL = re.compile(r"[\x00-\x1f\x7f\x80-\x9f\u2028\u2029]")
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
HEADER_VALUE = re.compile(r"[\x20-\x7e\xa0-\xff]*")
PATH_SAFE = "/%:@!$&'()*+,;=-._~?"


@dataclass(frozen=True)
class Target:
    """A URL taken apart; `host` in its one spelling, `path` with its query, ready to be sent."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True)
class Answer:
    """Status, headers (names in lower case, the last of equals) and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def parse_url(url: str) -> Target:
    """`url` taken apart, or BadUrl: control characters, user names, backslashes and odd hosts are refused."""
    if len(url) > LONGEST_URL:
        raise BadUrl(f"the URL is longer than {LONGEST_URL} characters")
    if CONTROL.search(url) or "\\" in url:
        raise BadUrl("the URL holds a control character or a backslash")
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise BadUrl(f"the URL cannot be read: {error}") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise BadUrl("the URL does not start with https:// or http://")
    if not parts.hostname or "@" in parts.netloc or "%" in parts.netloc or port == 0:
        raise BadUrl("the URL names no plain host")
    path = quote(parts.path or "/", safe=PATH_SAFE) + (f"?{quote(parts.query, safe=PATH_SAFE)}" if parts.query else "")
    return Target(parts.scheme, addresses.canonical_host(parts.hostname), port or DEFAULT_PORTS[parts.scheme], path)


def send(
    method: str, target: Target, *, headers: Mapping[str, str], body: bytes | None, seconds: float = SECONDS
) -> Answer:
    """Send one request and read its answer; any status is an answer. Raises OutboundFailure, never anything else."""
    if method not in METHODS:
        raise BadUrl(f"{method[:20]!r} is no method that can be sent")
    for name, value in headers.items():
        check_header(name, value)
    started = time.monotonic()
    found = _addresses_of(target, seconds)
    left = seconds - (time.monotonic() - started)
    return _Call(target, found, max(left, 0.001)).run(method, headers, body)


def look_up(url: str, allowed_hosts: Iterable[AllowedHost]) -> None:
    """Could `url` be called, as far as its name and its addresses say now? Raises OutboundFailure; connects nowhere."""
    target = parse_url(url)
    check_allowed(target, allowed_hosts)
    _addresses_of(target, CONNECT_SECONDS)


def check_allowed(target: Target, allowed_hosts: Iterable[AllowedHost]) -> None:
    """HostNotAllowed unless one of these covers the target."""
    if not any(entry.covers(target.host, target.port, target.scheme) for entry in allowed_hosts):
        raise HostNotAllowed(f"{target.authority} is not among the workflow's allowed hosts")


def _addresses_of(target: Target, seconds: float) -> list[IPAddress]:
    """Where the call would go, or AddressRefused."""
    allowed = _private_networks(target)
    found = addresses.checked(target.host, target.port, allowed=allowed, timeout=min(CONNECT_SECONDS, seconds))
    if target.scheme == "http" and not all(networks.is_inside(address, allowed) for address in found):
        raise AddressRefused(f"{target.host} is called without TLS; plain http is for allowed networks only")
    return found


def _private_networks(target: Target) -> list[networks.Network]:
    """The networks named in the setting, and for the demo's own receiver its address: that port and path alone.

    OUTBOUND_RECEIVER, (network, port, path), is None unless the portal command has set it.
    """
    named = [*settings.STEWARD_OUTBOUND_PRIVATE_ALLOW]
    receiver: Any = settings.OUTBOUND_RECEIVER
    network, port, path = receiver or ("", 0, "")
    if target.port == port and target.path.startswith(path):
        named.append(network)
    return networks.networks(named)


def check_header(name: str, value: str) -> None:
    """BadUrl where a name or value could start another header or request."""
    if not HEADER_NAME.fullmatch(name):
        raise BadUrl(f"{name[:50]!r} is no header name")
    if not HEADER_VALUE.fullmatch(value):
        raise BadUrl(f"the value of header {name} holds a character that cannot be sent")


class _Call:
    """One connection with one deadline: past it the socket is shut, whatever it is doing."""

    def __init__(self, target: Target, found: list[IPAddress], seconds: float) -> None:
        self.target, self.found, self.seconds = target, found, seconds
        self.is_late = False
        self.socket: socket.socket | None = None

    def run(self, method: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        watch = threading.Timer(self.seconds, self._cut)
        watch.daemon = True
        watch.start()
        try:
            return self._exchange(method, headers, body)
        except (TimeoutError, ssl.SSLError, OSError, http.client.HTTPException, ValueError) as error:
            raise self._named(error) from None
        finally:
            watch.cancel()
            self._close()

    def _exchange(self, method: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        connection = http.client.HTTPConnection(self.target.host, self.target.port, timeout=self.seconds)
        connection.sock = self._connected()
        connection.putrequest(method, self.target.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self._all_headers(headers, body).items():
            connection.putheader(name, value)
        connection.endheaders(body)
        with contextlib.closing(connection), contextlib.closing(connection.getresponse()) as response:
            return self._read(response)

    def _all_headers(self, headers: Mapping[str, str], body: bytes | None) -> dict[str, str]:
        length = {} if body is None else {"Content-Length": str(len(body))}
        around = {"Host": self.target.authority, "Accept-Encoding": "identity", "Connection": "close"}
        return {**around, **length, **headers}

    def _connected(self) -> socket.socket:
        plain = self._first_open()
        if self.target.scheme == "http":
            return plain
        self.socket = _tls().wrap_socket(plain, server_hostname=self.target.host)
        return self.socket

    def _first_open(self) -> socket.socket:
        last: OSError = ConnectionRefusedError("no address")
        for address in self.found:
            if self.is_late:
                raise TimeoutError
            try:
                opened = socket.create_connection((str(address), self.target.port), timeout=CONNECT_SECONDS)
            except OSError as error:
                last = error
                continue
            opened.settimeout(self.seconds)
            self.socket = opened
            return opened
        raise last

    def _read(self, response: http.client.HTTPResponse) -> Answer:
        body = response.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise AnswerTooLarge(f"the answer of {self.target.host} is larger than {MOST_BYTES} bytes")
        if self.is_late:
            raise TimeoutError
        if response.length:
            # read() with a limit does not mind a body that is shorter than announced.
            raise http.client.IncompleteRead(body, response.length)
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)

    def _named(self, error: Exception) -> Unreachable:
        if self.is_late or isinstance(error, TimeoutError):
            return TimedOut(f"{self.target.host} did not answer within {self.seconds:.0f} s")
        if isinstance(error, ssl.SSLCertVerificationError):
            return Unreachable(f"the certificate of {self.target.host} is not accepted: {error.verify_message}")
        return Unreachable(f"the connection to {self.target.host} failed ({type(error).__name__})")

    def _cut(self) -> None:
        self.is_late = True
        if self.socket is not None:
            try:
                self.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                return

    def _close(self) -> None:
        if self.socket is not None:
            self.socket.close()


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
