"""Peer (c): node's oidc-provider, two processes. Fetched with npm into a folder of the run; nothing of it is kept."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import servers
from benchmarks.servers import Server

PACKAGE = "oidc-provider@9.13.3"
CLIENT_ID, SECRET = "mi_bench", "s" * 60
SOURCE = Path(__file__).with_suffix(".mjs")


class Absent(Exception):
    """It cannot be run here, and why."""


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """The provider, up. Raises Absent without node or npm, or where npm cannot fetch it."""
    if not (shutil.which("node") and shutil.which("npm")):
        raise Absent("node or npm is not installed")
    shutil.copy(SOURCE, folder / SOURCE.name)
    command = ["npm", "install", "--prefix", str(folder), "--no-package-lock", "--no-audit", "--no-fund", PACKAGE]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        raise Absent(f"npm did not fetch {PACKAGE} within two minutes") from None
    if done.returncode:
        raise Absent(f"npm could not fetch {PACKAGE}: {done.stderr.strip()[-200:]}")
    port = servers.free_port()
    env = {"PATH": os.environ.get("PATH", ""), "PORT": str(port), "NODE_ENV": "production", "CLIENT_ID": CLIENT_ID,
           "CLIENT_SECRET": SECRET}  # fmt: skip
    # It warns of each setting that is left as it comes; `exec` keeps the process the one that is stopped.
    command = ["sh", "-c", 'exec node "$0" >/dev/null 2>&1', str(folder / SOURCE.name)]
    with servers.up(command, port, env=env, probe="/.well-known/openid-configuration") as server:
        yield server
