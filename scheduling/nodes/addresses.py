"""Where an outgoing call may land: hosts as they are written, addresses as they turn out to be.

A host is resolved once, every address of the answer is looked at, and the caller connects to the address that was
looked at, so that a second answer of the name server changes nothing.
"""

import ipaddress
import queue
import re
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from identities import networks
from identities.networks import IPAddress, Network
from scheduling.nodes.failures import AddressRefused, BadUrl, Unreachable

DEFAULT_PORTS = {"https": 443, "http": 80}
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
ALLOWED_HOST = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^\[\]:/@\s]+)(?::(?P<port>[0-9]{1,5}))?")
MOST_ADDRESSES = 32


@dataclass(frozen=True)
class AllowedHost:
    """An entry of `allowedHosts`: `host` (the scheme's own port) or `host:port`."""

    host: str
    port: int | None

    def covers(self, host: str, port: int, scheme: str) -> bool:
        return self.host == host and port == (self.port or DEFAULT_PORTS[scheme])


def parse_allowed(text: str) -> AllowedHost:
    """An entry understood, or BadUrl with the reason."""
    match = ALLOWED_HOST.fullmatch(text) if len(text) <= 260 else None
    if not match:
        raise BadUrl(f"{text[:260]!r} is not a host or host:port")
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 1 <= port <= 65535:
        raise BadUrl(f"{text!r} names no port")
    return AllowedHost(canonical_host(match["host"].strip("[]")), port)


def canonical_host(text: str) -> str:
    """One spelling for each host; what only a resolver takes for an address (2130706433, 0177.0.0.1) is refused."""
    if ":" in text:
        try:
            if "%" in text:
                raise ValueError(text)
            return str(ipaddress.IPv6Address(text))
        except ValueError:
            raise BadUrl(f"{text[:100]!r} is not an address") from None
    try:
        name = text.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise BadUrl(f"{text[:100]!r} is not a host name") from None
    labels = name.split(".")
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]):
        return _dotted_quad(name)
    if len(name) > 253 or not all(LABEL.fullmatch(label) for label in labels):
        raise BadUrl(f"{text[:100]!r} is not a host name")
    return name


def _dotted_quad(name: str) -> str:
    try:
        return str(ipaddress.IPv4Address(name))
    except ValueError:
        raise BadUrl(f"{name[:100]!r} is not an address in four decimal parts") from None


def checked(host: str, port: int, *, allowed: Sequence[Network], timeout: float) -> list[IPAddress]:
    """The addresses of `host`, in the order to be tried; AddressRefused if any one of them may not be called."""
    found = [ipaddress.ip_address(text) for text in _resolved(host, port, timeout)]
    for address in found:
        if not (networks.is_public(address) or networks.is_inside(address, allowed)):
            raise AddressRefused(f"{host} is at {address}, which is no public address and not in the allowed networks")
    return found


def _resolved(host: str, port: int, timeout: float) -> list[str]:
    """getaddrinfo with a time limit: the system's resolver has none of its own that could be set."""
    answers: queue.Queue[list[str] | OSError] = queue.Queue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
            answers.put(list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found)))
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else OSError(str(error)))

    threading.Thread(target=ask, daemon=True, name="resolve").start()
    try:
        answer = answers.get(timeout=timeout)
    except queue.Empty:
        raise Unreachable(f"the name {host} was not resolved in time") from None
    if isinstance(answer, OSError) or not answer:
        raise Unreachable(f"the name {host} is not known")
    return answer[:MOST_ADDRESSES]
