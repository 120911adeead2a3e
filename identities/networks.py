"""Which addresses anybody on the internet could be meant by, and which lie inside. Pure; nothing is resolved here."""

import ipaddress
from collections.abc import Iterable, Sequence

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
COMPATIBLE = ipaddress.IPv6Network("::/96")


def networks(texts: Iterable[str]) -> list[Network]:
    """The setting STEWARD_OUTBOUND_PRIVATE_ALLOW, understood."""
    return [ipaddress.ip_network(text, strict=False) for text in texts]


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


def is_link_local(address: IPAddress) -> bool:
    """Whether it is only of this link, as the addresses are at which a cloud hands its machines their credentials."""
    return embedded(address).is_link_local
