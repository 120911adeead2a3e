"""Where a vault may lie: asked of the address as it is written, and at each connection of those it turns out to be."""

import socket
from ipaddress import IPv4Address, ip_address
from typing import Any

from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.connection import create_connection

from identities import networks
from identities.networks import IPAddress


class AddressRefused(Exception):
    """This server may not be called. No OSError: urllib3 would take that for a connection that broke off."""


class NameUnknown(NewConnectionError):
    """The name stands for no address."""


def written(host: str) -> IPAddress | None:
    """The address that `host` spells, or None for a name, of which nothing is known before it is resolved."""
    try:
        return IPv4Address("127.0.0.1") if host.lower() == "localhost" else ip_address(host)
    except ValueError:
        return None


def may_call(address: IPAddress, *, private: bool) -> bool:
    """Public addresses, and with `private` those inside; without it only in STEWARD_OUTBOUND_PRIVATE_ALLOW.

    Never a link-local one: a cloud hands out its machines' credentials there.
    """
    if networks.is_link_local(address):
        return False
    allowed = networks.networks(settings.STEWARD_OUTBOUND_PRIVATE_ALLOW)
    return private or networks.is_public(address) or networks.is_inside(address, allowed)


class LookingAdapter(HTTPAdapter):
    """Resolves a name once, looks at every address of the answer, and connects to one it looked at (AddressRefused)."""

    def __init__(self, *, private: bool) -> None:
        self._private = private
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(private=self._private)


def _pools(*, private: bool) -> dict[str, type[HTTPConnectionPool]]:
    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _connected(self, private=private)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _connected(self, private=private)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _connected(connection: HTTPConnection, *, private: bool) -> socket.socket:
    last: OSError | None = None
    for address in _found(connection, private=private):
        try:
            return create_connection(
                (str(address), connection.port), connection.timeout, socket_options=connection.socket_options
            )
        except OSError as error:
            last = error
    if isinstance(last, TimeoutError):
        raise ConnectTimeoutError(connection, "no connection in time") from last
    raise NewConnectionError(connection, "no connection") from last


def _found(connection: HTTPConnection, *, private: bool) -> list[IPAddress]:
    try:
        answer = socket.getaddrinfo(connection.host, connection.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NameUnknown(connection, "the name is not known") from error
    found = [ip_address(text) for text in dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in answer)]
    if not all(may_call(address, private=private) for address in found):
        raise AddressRefused
    return found
