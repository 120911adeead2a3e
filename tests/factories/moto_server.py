"""Moto's HTTP server, which answers as AWS does; a process of its own for as long as a test session needs one."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from urllib.request import urlopen

from tests.factories.vaults import free_port

REGION = "eu-central-1"
KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET_KEY = "the/secret+access-key-of-the-tests"


def absent() -> str:
    """Why it cannot run here, or nothing."""
    missing = [name for name in ("boto3", "moto", "flask", "flask_cors") if not find_spec(name)]
    return f"not installed here: {', '.join(missing)}" if missing else ""


@contextmanager
def running_moto(*, checks_keys: bool = False) -> Iterator[str]:
    """The address of a server; with `checks_keys` it knows the keys and rights of IAM after the first few calls."""
    port = free_port()
    environment = {"PATH": os.environ.get("PATH", "")}
    if checks_keys:
        environment["INITIAL_NO_AUTH_ACTION_COUNT"] = "0"
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment) as server:
        try:
            uri = f"http://127.0.0.1:{port}"
            _wait_for(uri, server)
            yield uri
        finally:
            server.terminate()


def _wait_for(uri: str, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and server.poll() is None:
        try:
            urlopen(f"{uri}/moto-api/data.json", timeout=5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("moto did not start")
