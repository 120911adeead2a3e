"""The ground a run stands on: stores, receiver, migrated database, installation; taken away again at its end."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from benchmarks.chaos import plan
from benchmarks.chaos.installation import CHILDREN, SHAPE, Installation
from benchmarks.chaos.stores import BROKERS, Postgres, Rabbit, Redis
from benchmarks.servers import ROOT, free_port

DATABASE = "steward"


@dataclass
class Ground:
    """Everything that is running."""

    folder: Path
    database: Postgres
    broker: Redis | Rabbit
    installation: Installation
    receiver: str
    calls: Path
    client: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return self.database.address(DATABASE)

    def fill(self, due: list[plan.Due], first: datetime, **more: Any) -> None:
        """Make the estate with these schedules."""
        told = {
            "receiver": self.receiver, "first": first.isoformat(), "tenants": plan.TENANTS, "steps": plan.STEPS,
            "schedules": [{"name": one.name, "tenant": one.tenant, "cron": one.cron, "zone": one.zone} for one in due],
            "misfire": "run_all", "attempts": 3, "backoff": 5, **more,
        }  # fmt: skip
        said = self.installation.manage("-m", "benchmarks.chaos.estate", stdin=json.dumps(told))
        self.client = json.loads(said.strip().splitlines()[-1])["probe"] or {}

    def probe(self) -> dict[str, str]:
        """A client with a good secret and a good token: its `id`, `secret` and `token`."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client["id"],
            "client_secret": self.client["secret"],
        }
        request = Request(f"{self.installation.base}/passport/token", data=urlencode(form).encode())
        with urlopen(request, timeout=20) as answer:
            return self.client | {"token": json.loads(answer.read())["access_token"]}


@contextmanager
def laid(
    broker: str,
    *,
    children: int = CHILDREN,
    shape: tuple[int, int, int] = SHAPE,
    pause: float = 0.3,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Ground]:
    """Stores, receiver and a migrated database; the installation is ready to be started."""
    with tempfile.TemporaryDirectory(prefix="steward-chaos-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)  # the database's own user comes by here
        database, queue = Postgres(folder / "postgresql"), BROKERS[broker](folder / broker)
        calls, port = folder / "calls.jsonl", free_port()
        receiver = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.chaos.receiver", str(port), str(calls), str(pause)],
            cwd=ROOT, env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        installation = None
        try:
            database.start()
            queue.start()
            database.create(DATABASE)
            installation = Installation(
                folder, database.address(DATABASE), queue.url, children=children, shape=shape, **(environment or {})
            )
            installation.manage("manage.py", "migrate", "--verbosity", "0")
            _wait_for(port)
            yield Ground(folder, database, queue, installation, f"127.0.0.1:{port}", calls)
        finally:
            if installation is not None:
                installation.stop()
            receiver.kill()
            receiver.wait()
            queue.kill()
            database.kill()


def _wait_for(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError("The receiver does not answer")
