"""A release: a tree of code, and the web, worker and beat that run from it."""

import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from benchmarks.servers import ROOT, free_port

MIGRATING = "steward-migrate"


def unpack(revision: str, folder: Path) -> Path:
    """The tree of `revision` in `folder`; nothing of it comes from the work tree."""
    done = subprocess.run(["git", "archive", revision], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"There is no revision {revision} here: {done.stderr.decode().strip()}")
    folder.mkdir()
    with tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def before_the_last_migration() -> str:
    """The last revision that had other migrations than the work tree has in its last commit."""
    latest = _git("log", "-1", "--format=%H", "--", "*/migrations/0*.py")
    return f"{latest}~1"


def name_of(revision: str) -> str:
    return _git("rev-parse", "--short", revision)


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


@dataclass
class Release:
    """`name` is what the table calls it; `tree` where its code lies."""

    name: str
    tree: Path
    environment: Mapping[str, str]
    folder: Path
    port: int = field(default_factory=free_port)
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        data = str(self.folder / f"data-{self.name}")  # as on a host of its own
        return {**self.environment, "PYTHONPATH": str(self.tree), "PASSPORT_URL": self.base, "STEWARD_DATA_DIR": data}

    def run(self, *command: str, **more: str) -> str:
        """Run a command of this release to its end; its last line."""
        done = subprocess.run(
            [sys.executable, *command], cwd=self.tree, env=self.env | more, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"{self.name}: {' '.join(command)} failed:\n{done.stdout[-1000:]}{done.stderr[-3000:]}")
        return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""

    def start(self) -> None:
        """Web, worker and beat; back when the web answers."""
        celery = ["-m", "celery", "-A", "config.celery"]
        queues = ["-Q", "steward.clock,steward.runs", "--without-gossip", "--without-mingle"]
        self._spawn(
            "web", "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{self.port}", "--workers", "1", "--threads",
            "6", "--worker-tmp-dir", str(self.folder), "--log-level", "warning",
        )  # fmt: skip
        self._spawn("worker", *celery, "worker", "-P", "threads", "-c", "6", *queues, "-n", f"{self.name}@upgrade")
        self._spawn("beat", *celery, "beat", "--pidfile=", "-s", str(self.folder / f"beat-{self.name}"))
        self._wait()

    def stop(self) -> None:
        """As an upgrade stops them: beat, web, which ends what it answers, and the worker, which ends its runs."""
        for name in ("beat", "web", "worker"):
            process = self.processes.pop(name, None)
            if process is None:
                continue
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=40)
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _spawn(self, name: str, *command: str) -> None:
        with (self.folder / f"{self.name}-{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *command], cwd=self.tree, env=self.env, stdout=log, stderr=log, start_new_session=True
            )

    def _wait(self) -> None:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            try:
                urlopen(f"{self.base}/healthz", timeout=5).close()
                return
            except HTTPError:
                return
            except (URLError, OSError):
                time.sleep(0.2)
        raise SystemExit(f"{self.name} did not answer in time; its logs are in {self.folder}.")
