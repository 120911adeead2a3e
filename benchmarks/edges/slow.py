"""Clients that take their time: two hundred connections at a byte a second."""

import contextlib
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.edges import wire

CONNECTIONS = 200


@dataclass
class Crowd:
    """What became of the connections: how many were answered or closed by the server meanwhile."""

    open: int = 0
    let_go: int = 0


def attack(kind: str, base: str, seconds: float) -> Crowd:
    """`kind` is headers, bodies, uploads or readers; each connection comes from an address of its own."""
    crowd = Crowd()
    with contextlib.ExitStack() as stack:
        wires = [stack.enter_context(_begun(kind, base, number)) for number in range(CONNECTIONS)]
        for one in wires:
            one.setblocking(False)
        alive, until = list(wires), time.monotonic() + seconds
        while time.monotonic() < until and alive:
            alive = [one for one in alive if _step(kind, one)]
            time.sleep(1)
        crowd.open, crowd.let_go = len(alive), CONNECTIONS - len(alive)
    return crowd


@contextlib.contextmanager
def _begun(kind: str, base: str, number: int) -> Iterator[socket.socket]:
    source = f"127.1.{number // 250}.{number % 250 + 1}"
    with wire.connected(base, source, receive=4096 if kind == "readers" else 0) as made:
        made.sendall(_beginning(kind, base))
        yield made


def _beginning(kind: str, base: str) -> bytes:
    if kind == "readers":
        return wire.head("GET", "/api/schema", {}, base)
    if kind == "headers":
        return b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: "
    path = "/admin/identities/importrun/add/" if kind == "uploads" else "/passport/token"
    form = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": "100000"}
    return wire.head("POST", path, form, base)


def _step(kind: str, one: socket.socket) -> bool:
    """One byte more; False when the server has had enough."""
    try:
        if kind == "readers":
            return bool(one.recv(1))
        one.send(b"a")
        return not one.recv(1)
    except BlockingIOError:
        return True
    except OSError:
        return False
