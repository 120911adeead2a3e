"""The address and the data folder one portal holds while it runs: both are taken before anything is started."""

import fcntl
import os
import socket
from argparse import ArgumentTypeError
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - recognised here, not bound


class CannotStart(Exception):
    """The portal did not start, and nothing was changed; the message is the one line its user reads."""


@dataclass(frozen=True)
class Address:
    """Where the portal listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """An address a browser on this machine can open; a wildcard is reached through loopback."""
        host = "127.0.0.1" if self.host in EVERYWHERE else self.host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def parse(text: str) -> Address:
    """HOST:PORT, `[::1]:8000` for IPv6; port 0 lets the system choose. Raises ArgumentTypeError, as argparse wants."""
    parts = urlsplit(f"//{text}")
    try:
        port = parts.port
    except ValueError:
        port = None
    if port is None or parts.hostname is None or parts.path or parts.query or parts.username:
        raise ArgumentTypeError(f"'{text}' is no HOST:PORT, such as 127.0.0.1:8000.")
    return Address(parts.hostname, port)


def listen(address: Address) -> tuple[socket.socket, Address]:
    """Take the port; the answer names the one really bound. Raises CannotStart when that cannot be."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address.host, address.port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        reason = error.strerror or str(error)
        message = f"Cannot listen on {address.host}:{address.port}: {reason}. Choose another with --bind (make: BIND=)."
        raise CannotStart(message) from error
    return listener, Address(address.host, listener.getsockname()[1])


def hold(data_dir: Path) -> IO[str]:
    """Keep the data folder for this process alone, as long as the answer stays open. Raises CannotStart.

    The lock is the system's own and ends with the process, however it ends; the file's text only says who.
    """
    lock = (data_dir / "portal.lock").open("a+", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.seek(0)
        holder = lock.read().strip() or "another process"
        lock.close()
        raise CannotStart(f"A portal already runs on {data_dir} ({holder}).") from error
    lock.truncate(0)
    lock.write(f"process {os.getpid()}\n")
    lock.flush()
    return lock
