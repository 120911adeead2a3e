"""Steward as it runs in earnest: web, workers and beats as processes, respawned at once as an init system would."""

import base64
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from benchmarks.chaos import proc, stores
from benchmarks.servers import ROOT, free_port

ENCRYPTION_KEY = base64.urlsafe_b64encode(b"a-key-for-the-chaos-32-bytes-lg!").decode()
SHAPE = WEBS, WORKERS, BEATS = 2, 3, 2
#: Of each kind the one whose clock can be made to jump.
JUMPERS = ("web1", "worker2", "beat1")
CHILDREN = 4


@dataclass
class Unit:
    """One service of the init system."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    groups: list[int] = field(default_factory=list)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env=dict(self.environment), stdout=log, stderr=log, start_new_session=True
            )
        self.groups.append(self.process.pid)

    def remove(self) -> None:
        """Every process it ever forked, orphans included."""
        for group in self.groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        if self.process is not None:
            self.process.wait()


class Installation:
    """The processes on a database and a broker; `kills.jsonl` in the folder keeps what was done to them."""

    def __init__(
        self,
        folder: Path,
        database: str,
        broker: str,
        *,
        children: int = CHILDREN,
        shape: tuple[int, int, int] = SHAPE,
        **more: str,
    ) -> None:
        self.folder, self.port = folder, free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.kills = folder / "kills.jsonl"
        self.kills.touch()
        self.clock = _shifted_clock(folder)
        self.environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": database,
            "CELERY_BROKER_URL": broker,
            "STEWARD_DATA_DIR": str(folder / "data"),
            "SECRET_KEY": "chaos-" + "0123456789abcdef" * 4,
            "STEWARD_ENCRYPTION_KEY": ENCRYPTION_KEY,
            "STEWARD_ADMIN_PASSWORD": "Only-4-this-chaos!",
            "STEWARD_OUTBOUND_PRIVATE_ALLOW": "127.0.0.0/8",
            "PASSPORT_ISSUER": self.base,
            "LOG_LEVEL": "WARNING",
            **more,
        }
        (folder / "data").mkdir()
        self.units = {name: self._unit(name, command) for name, command in self._commands(children, *shape).items()}
        self._over = threading.Event()
        self._held: set[str] = set()
        self._init = threading.Thread(target=self._respawn, name="init", daemon=True)

    def _commands(self, children: int, webs: int, workers: int, beats: int) -> dict[str, list[str]]:
        python = [sys.executable, "-m"]
        # Both webs listen on one port, and the kernel deals out the connections: a load balancer that cannot die.
        web = [
            *python, "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{self.port}", "--reuse-port", "--worker-class",
            "gthread", "--workers", "1", "--threads", "6", "--worker-tmp-dir", str(self.folder), "--log-level",
            "warning",
        ]  # fmt: skip
        worker = [
            *python, "celery", "-A", "config.celery", "worker", "--queues", "steward.clock,steward.runs",
            "--concurrency", str(children), "--without-gossip", "--without-mingle", "--loglevel", "WARNING",
        ]  # fmt: skip
        beat = [*python, "celery", "-A", "config.celery", "beat", "--loglevel", "WARNING", "--pidfile="]
        return {
            **{f"web{number}": web for number in range(webs)},
            **{f"worker{number}": [*worker, "--hostname", f"w{number}@chaos"] for number in range(workers)},
            **{f"beat{number}": beat for number in range(beats)},
        }

    def _unit(self, name: str, command: list[str]) -> Unit:
        environment = dict(self.environment)
        if self.clock and name in JUMPERS:
            offset = self.folder / f"clock-{name}"
            offset.write_bytes(struct.pack("q", 0))
            environment |= {"LD_PRELOAD": str(self.clock), "CLOCK_OFFSET_FILE": str(offset)}
        return Unit(name, command, environment, self.folder / f"{name}.log")

    def manage(self, *arguments: str, stdin: str = "") -> str:
        """Run a command of ours to its end; its output."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.environment, input=stdin, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stdout[-1000:]}{done.stderr[-3000:]}")
        return done.stdout

    def start(self) -> None:
        """Start every unit and the init system that keeps them up."""
        for unit in self.units.values():
            unit.start()
        self._init.start()

    def stop(self) -> None:
        self._over.set()
        if self._init.is_alive():
            self._init.join()
        for unit in self.units.values():
            unit.remove()

    def readiness(self) -> tuple[int, dict[str, str]]:
        """What /readyz says: the status (0: nobody answers) and the checks."""
        try:
            with urlopen(f"{self.base}/readyz", timeout=20) as answer:
                return answer.status, json.loads(answer.read())["checks"]
        except HTTPError as error:
            with error, suppress(ValueError, KeyError):
                return error.code, json.loads(error.read())["checks"]
            return error.code, {}
        except (URLError, OSError, ValueError):
            return 0, {}

    def wait_until_ready(self, longest: float) -> float:
        """Seconds until /readyz is green."""
        began = time.monotonic()
        while time.monotonic() - began < longest:
            status, checks = self.readiness()
            if status == 200:
                return time.monotonic() - began
            time.sleep(0.5)
        raise RuntimeError(f"Not ready within {longest:.0f} s: {status} {checks}\n{self.story()}")

    def kill_child(self, name: str, place: float) -> list[int]:
        """SIGKILL to one of the processes that the unit has forked."""
        process = self.units[name].process
        below = sorted(proc.children(process.pid)) if process else []
        return self._kill("child of " + name.rstrip("0123456789"), [below[int(place * len(below))]] if below else [])

    def kill_parent(self, name: str) -> list[int]:
        """SIGKILL to the unit's own process; what it forked is left an orphan, and the unit is started again."""
        process = self.units[name].process
        return self._kill(name.rstrip("0123456789"), [process.pid] if process else [])

    def _kill(self, kind: str, pids: list[int]) -> list[int]:
        hit = []
        # Before the signal: afterwards the run may have been found already.
        at = datetime.now(UTC).isoformat()
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                hit.append(pid)
        if hit:
            with self.kills.open("a") as log:
                log.write(json.dumps({"at": at, "kind": kind, "pids": hit}) + "\n")
        return hit

    def hold(self, kind: str) -> None:
        """Take every unit of a kind away, until `release`."""
        names = [name for name in self.units if name.startswith(kind)]
        self._held.update(names)
        for name in names:
            self.units[name].remove()

    def release(self) -> None:
        """The init system starts again what was held."""
        self._held.clear()

    def jump(self, name: str, seconds: int) -> bool:
        """Set the unit's time of day off by so much (0: right again); False when clocks cannot be moved here."""
        if self.clock is None:
            return False
        with (self.folder / f"clock-{name}").open("r+b") as offset:
            offset.write(struct.pack("q", seconds))
        return True

    def story(self) -> str:
        """The end of each log, for whoever reads a failure."""
        logs = sorted(self.folder.glob("*.log"))
        return "\n".join(f"== {log.name}\n{log.read_text(errors='replace')[-1500:]}" for log in logs)

    def _respawn(self) -> None:
        while not self._over.wait(0.2):
            for unit in self.units.values():
                if not unit.is_running and unit.name not in self._held:
                    unit.start()


def _shifted_clock(folder: Path) -> Path | None:
    """The library that makes a process' clock jump, if there is a compiler for it."""
    made = folder / "shifted_clock.so"
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    source = Path(__file__).with_name("shifted_clock.c")
    done = subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", str(made), str(source), "-ldl"], check=False)
    return made if done.returncode == 0 else None


def absent_store(broker: str) -> str:
    """Why PostgreSQL or this broker cannot be started here; nothing when they can."""
    try:
        stores.postgres_bin()
        if broker == "redis" and not shutil.which("redis-server"):
            raise stores.Absent("redis-server is not installed")
    except stores.Absent as absent:
        return str(absent)
    return ""
