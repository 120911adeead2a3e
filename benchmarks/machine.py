"""What a figure was measured on: the machine, the versions, the commit, and how busy others kept the cores."""

import hashlib
import os
import platform
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks import servers

#: More than so many cores of others' work during a round, and the round is repeated once.
FOREIGN_LIMIT = 0.2
#: PostgreSQL works on our behalf here as well, and nothing in their titles says for whom.
_POSTGRES_AT_LARGE = ("checkpointer", "background writer", "walwriter", "autovacuum", "logger", "stats collector")


@dataclass(frozen=True)
class Machine:
    """What does not change while we measure. Runs are compared on one `kind` of machine only."""

    cpu: str
    cores: int
    memory_gb: int
    kernel: str
    python: str

    @property
    def kind(self) -> str:
        return hashlib.sha256(f"{self.cpu}|{self.cores}|{self.memory_gb}".encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Commit:
    """What was measured."""

    id: str
    is_dirty: bool

    def __str__(self) -> str:
        return f"{self.id[:12] or 'unknown'}{' + uncommitted' if self.is_dirty else ''}"


def here() -> Machine:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return Machine(_cpu_model(), os.cpu_count() or 1, round(memory), platform.release(), platform.python_version())


def commit() -> Commit:
    """Of the folder we stand in; an unpacked archive has none."""
    head, changed = _git("rev-parse", "HEAD"), _git("status", "--porcelain", "--untracked-files=no")
    return Commit(head or "", bool(changed))


def facts() -> list[tuple[str, str]]:
    """The head of the table."""
    machine = here()
    return [
        ("machine", f"{machine.cpu}, {machine.cores} cores, {machine.memory_gb} GB, {machine.kernel}"),
        ("python", f"{machine.python}, SQLite {sqlite3.sqlite_version}"),
        ("postgresql", _postgres()),
        ("redis", _redis()),
        ("commit", str(commit())),
        ("date", time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())),
        ("load before", load()),
    ]


def load() -> str:
    return " ".join(f"{figure:.1f}" for figure in os.getloadavg())


@dataclass
class Foreign:
    """Cores that other processes used during the span, on average."""

    cores: float = 0.0

    @property
    def is_much(self) -> bool:
        return self.cores > FOREIGN_LIMIT


@contextmanager
def watching() -> Iterator[Foreign]:
    """Busy time of all cores, less that of this process, all it started, and PostgreSQL on our databases."""
    found, began, (busy, ours) = Foreign(), time.monotonic(), _times()
    yield found
    busy_now, ours_now = _times()
    found.cores = max(0.0, (busy_now - busy) - (ours_now - ours)) / max(0.001, time.monotonic() - began)


def _times() -> tuple[float, float]:
    tick = os.sysconf("SC_CLK_TCK")
    with Path("/proc/stat").open() as opened:
        fields = [int(field) for field in opened.readline().split()[1:9]]
    # user, nice, system, irq and softirq; idle, waiting for the disk and stolen time are nobody's work
    busy = (sum(fields[:3]) + fields[5] + fields[6]) / tick
    used = os.times()
    processes = list(servers.processes())
    family = _family(processes)
    theirs = sum(one.seconds for one in processes if one.pid in family or _is_our_postgres(one))
    return busy, used.user + used.system + used.children_user + used.children_system + theirs


def _family(processes: list[servers.Process]) -> set[int]:
    """Whatever this process started, and what that started."""
    found, grown = {os.getpid()}, True
    while grown:
        more = {one.pid for one in processes if one.parent in found} - found
        found, grown = found | more, bool(more)
    return found - {os.getpid()}


def _is_our_postgres(process: servers.Process) -> bool:
    if process.name != "postgres":
        return False
    return "steward_bench_" in process.title or any(word in process.title for word in _POSTGRES_AT_LARGE)


def _cpu_model() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _git(*arguments: str) -> str | None:
    if not shutil.which("git"):
        return None
    done = subprocess.run(["git", *arguments], cwd=servers.ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def _postgres() -> str:
    try:
        import psycopg

        with psycopg.connect(f"{servers.POSTGRES}/postgres", connect_timeout=3) as opened:
            said = [opened.execute(f"SHOW {name}").fetchone() for name in ("server_version", *_DURABLE)]
    except (ImportError, OSError, psycopg.Error):
        return "none answers"
    version, *durable = [str(row[0]) if row else "?" for row in said]
    return f"{version}, " + ", ".join(f"{name} {value}" for name, value in zip(_DURABLE, durable, strict=True))


_DURABLE = ("fsync", "synchronous_commit")


def _redis() -> str:
    try:
        import redis

        version = redis.Redis(socket_timeout=2, socket_connect_timeout=2).info("server")["redis_version"]
    except (ImportError, OSError, redis.RedisError):
        return "none answers"
    return str(version)
