"""Where an outgoing call may land: hosts as they are written, addresses as they turn out to be.

A host is resolved once, every address of the answer is looked at, and the caller connects to the address that was
looked at, so that a second answer of the name server changes nothing.
"""

import ipaddress
import queue
import re
import socket
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scheduling.nodes.failures import AddressRefused, BadUrl, Unreachable

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
DEFAULT_PORTS = {"https": 443, "http": 80}
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
ALLOWED_HOST = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^\[\]:/@\s]+)(?::(?P<port>[0-9]{1,5}))?")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
COMPATIBLE = ipaddress.IPv6Network("::/96")
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


def networks(texts: Iterable[str]) -> list[Network]:
    """The setting STEWARD_OUTBOUND_PRIVATE_ALLOW, understood."""
    return [ipaddress.ip_network(text, strict=False) for text in texts]


def checked(host: str, port: int, *, allowed: Sequence[Network], timeout: float) -> list[IPAddress]:
    """The addresses of `host`, in the order to be tried; AddressRefused if any one of them may not be called."""
    found = [ipaddress.ip_address(text) for text in _resolved(host, port, timeout)]
    for address in found:
        if not (is_public(address) or is_inside(address, allowed)):
            raise AddressRefused(f"{host} is at {address}, which is no public address and not in the allowed networks")
    return found


def is_inside(address: IPAddress, allowed: Sequence[Network]) -> bool:
    """Whether `address`, or the IPv4 address it stands for, lies in one of these networks."""
    inner = embedded(address)
    return any(inner.version == network.version and inner in network for network in allowed)


def is_public(address: IPAddress) -> bool:
    """Whether anybody on the internet could be meant: no private, loopback, link-local, shared or multicast address,
    neither plainly nor inside an IPv6 address that carries an IPv4 one."""
    inner = embedded(address)
    if inner.is_multicast or inner.is_reserved or inner.is_unspecified or not inner.is_global:
        return False
    return not (isinstance(inner, ipaddress.IPv6Address) and (inner.is_site_local or inner.teredo is not None))


def embedded(address: IPAddress) -> IPAddress:
    """The IPv4 address that an IPv6 one stands for (mapped, compatible, 6to4, NAT64), else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in NAT64 or (address in COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


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
