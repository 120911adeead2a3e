"""Requests as bytes: what no polite client would send, and the status that comes back however early."""

import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

CHUNK = 64 * 1024
LONGEST = 15.0


@dataclass(frozen=True)
class Outcome:
    """`status` is 0 where the connection was closed without one; `seconds` until it came, sending included."""

    status: int
    seconds: float
    said: bytes = b""


def connected(base: str, source: str = "127.0.0.1", receive: int = 0) -> socket.socket:
    """A connection from an address of loopback, so that one client is not taken for another."""
    made = socket.socket()
    if receive:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    made.bind((source, 0))
    made.settimeout(LONGEST)
    parts = urlsplit(base)
    made.connect((str(parts.hostname), int(parts.port or 80)))
    return made


def head(method: str, path: str, headers: Mapping[str, str], base: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {urlsplit(base).netloc}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def sent(base: str, parts: Iterable[bytes], source: str = "127.0.0.9") -> Outcome:
    """Send the parts, and read the status; an answer that comes before the end ends the sending."""
    began = time.monotonic()
    try:
        with connected(base, source) as wire:
            try:
                for part in parts:
                    for at in range(0, len(part), CHUNK):
                        wire.sendall(part[at : at + CHUNK])
            except (BrokenPipeError, ConnectionResetError, TimeoutError):
                pass  # it has heard enough; what it said may still be read
            said = _first_line(wire)
    except OSError as error:
        return Outcome(0, time.monotonic() - began, str(error).encode())
    words = said.split()
    return Outcome(int(words[1]) if len(words) > 1 and words[1].isdigit() else 0, time.monotonic() - began, said)


def _first_line(wire: socket.socket) -> bytes:
    said = b""
    try:
        while b"\r\n" not in said and (more := wire.recv(4096)):
            said += more
    except (ConnectionResetError, TimeoutError):
        pass
    return said.partition(b"\r\n")[0]
