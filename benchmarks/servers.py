"""Servers under test: gunicorn on loopback, all with the same settings, and the databases they use."""

import base64
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
WORKERS, THREADS = 2, 4
# Of processor time in half a second: less is an idle server.
IDLE_SECONDS = 0.05
POSTGRES = os.environ.get("BENCH_POSTGRES", "postgres://postgres@127.0.0.1:5432")


def free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def has_postgres() -> bool:
    """Whether the server of BENCH_POSTGRES answers."""
    try:
        import psycopg

        psycopg.connect(f"{POSTGRES}/postgres", connect_timeout=3).close()
    except (ImportError, OSError, psycopg.Error):
        return False
    return True


@contextmanager
def scratch_database(kind: str, folder: Path, name: str = "ours") -> Iterator[str]:
    """The address of an empty database of its own; a PostgreSQL one is dropped again."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'bench.db'}"
        return
    import psycopg

    name = f"steward_bench_{name}_{os.getpid()}"
    with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield f"{POSTGRES}/{name}"
        finally:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def environment(database: str, folder: Path, port: int, **more: str) -> dict[str, str]:
    """What a server and its seeding see: nothing of the developer's own settings. No static files are gathered."""
    (folder / "static").mkdir(parents=True, exist_ok=True)
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": database,
        "STEWARD_DATA_DIR": str(folder),
        "SECRET_KEY": "benchmark-" + "k" * 60,
        "STEWARD_ENCRYPTION_KEY": base64.urlsafe_b64encode(b"benchmark-encryption-key-32bytes").decode(),
        "PASSPORT_ISSUER": f"http://127.0.0.1:{port}",
        "LOG_LEVEL": "WARNING",
        **more,
    }


def run(module: str, *arguments: str, env: Mapping[str, str]) -> str:
    """Run a module of ours to its end and give its last line."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=ROOT, env=dict(env), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{module} failed:\n{done.stderr[-3000:]}")
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


@dataclass(frozen=True)
class Server:
    """A server that answers at `base`; `database` is the name of the PostgreSQL database it works on, if any."""

    base: str
    pid: int
    database: str = ""

    def cpu_seconds(self) -> float:
        """Processor time used so far by the server's processes and by PostgreSQL on its behalf."""
        return sum(process.seconds for process in processes() if self._is_ours(process))

    def settle(self, longest: float = 30.0) -> None:
        """Wait until the server has nothing left to do."""
        until, before = time.monotonic() + longest, -1.0
        while time.monotonic() < until and (now := self.cpu_seconds()) - before > IDLE_SECONDS:
            before = now
            time.sleep(0.5)

    def _is_ours(self, process: "Process") -> bool:
        mine = self.pid in {process.pid, process.parent}
        return mine or bool(self.database and process.name == "postgres" and self.database in process.title)


@dataclass(frozen=True)
class Process:
    """One line of /proc."""

    pid: int
    parent: int
    name: str
    title: str
    seconds: float


def processes() -> Iterator[Process]:
    tick = os.sysconf("SC_CLK_TCK")
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            name, _, rest = (entry / "stat").read_text().partition("(")[2].rpartition(")")
            title = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        fields = rest.split()
        yield Process(int(entry.name), int(fields[1]), name, title, (int(fields[11]) + int(fields[12])) / tick)


@contextmanager
def serving(application: str, port: int, *, env: Mapping[str, str], probe: str) -> Iterator[Server]:
    """Gunicorn with `application` on `port`, up when `probe` answers anything at all; stopped at the end."""
    command = [
        sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread",
        "--workers", str(WORKERS), "--threads", str(THREADS), "--keep-alive", "60", "--backlog", "256",
        "--worker-tmp-dir", "/tmp", "--log-level", "warning",
    ]  # fmt: skip
    with up(command, port, env=env, probe=probe) as server:
        yield server


@contextmanager
def up(command: Sequence[str], port: int, *, env: Mapping[str, str], probe: str) -> Iterator[Server]:
    """As `serving`, for any server that listens on `port`."""
    process = subprocess.Popen(command, cwd=ROOT, env=dict(env))
    base, database = f"http://127.0.0.1:{port}", env.get("DATABASE_URL", "")
    try:
        _wait(base + probe, process)
        yield Server(base, process.pid, database.rpartition("/")[2] if POSTGRES in database else "")
    finally:
        end(process)


def end(process: "subprocess.Popen[bytes]") -> None:
    """Ask it to end, and after 15 s make it."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=15)
    if process.poll() is None:
        process.kill()
        process.wait()


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError("The server ended before it answered.")
        try:
            urlopen(url, timeout=5).close()
        except HTTPError:
            return
        except (URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("The server did not answer in time.")
