"""Steward as in production, on this machine: gunicorn, one beat, two workers that serve both queues, over Redis."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import servers
from benchmarks.scheduler.seeding import utc

#: A Redis database of its own, emptied before and after: `BENCH_REDIS` names another.
REDIS = os.environ.get("BENCH_REDIS", "redis://127.0.0.1:6379/14")
#: Children of each of the two.
WORKERS = int(os.environ.get("BENCH_WORKERS", "4"))


@dataclass(frozen=True)
class Estate:
    """What is under measurement: its database, and when what was seeded is due."""

    database: str
    due: Any

    def ask(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database, autocommit=True) as asked:
            return asked.execute(sql, values).fetchall()

    def number(self, sql: str, *values: Any) -> Any:
        return self.ask(sql, *values)[0][0]


def has_redis() -> bool:
    """Whether the broker answers."""
    try:
        import redis

        return bool(redis.Redis.from_url(REDIS, socket_timeout=2).ping())
    except (ImportError, OSError, redis.RedisError):
        return False


@contextmanager
def working(shape: str, number: int) -> Iterator[Estate]:
    """The estate with the schedules of `shape` in it; everything is stopped and dropped at the end."""
    import redis

    with (
        tempfile.TemporaryDirectory(prefix="steward-bench-") as name,
        servers.scratch_database("postgres", Path(name), shape) as database,
    ):
        port = servers.free_port()
        url = f"http://127.0.0.1:{port}"
        env = servers.environment(database, Path(name), port, PASSPORT_URL=url, CELERY_BROKER_URL=REDIS)
        servers.run("benchmarks.seed", env=env)
        broker = redis.Redis.from_url(REDIS)
        broker.flushdb()
        with servers.serving("config.wsgi:application", port, env=env, probe="/passport/jwks.json"):
            seeded = json.loads(servers.run("benchmarks.scheduler.seeding", shape, str(number), env=env))
            with _processes(env, Path(name)):
                try:
                    yield Estate(database, utc(seeded["due"]))
                finally:
                    broker.flushdb()


@contextmanager
def _processes(env: dict[str, str], folder: Path) -> Iterator[None]:
    celery = [sys.executable, "-m", "celery", "-A", "config"]
    quiet = ["--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
    commands = [
        [*celery, "worker", "-Q", "steward.clock,steward.runs", "-c", str(WORKERS), "-n", "one@%h", *quiet],
        [*celery, "worker", "-Q", "steward.clock,steward.runs", "-c", str(WORKERS), "-n", "other@%h", *quiet],
        [*celery, "beat", "--loglevel", "WARNING", "--schedule", str(folder / "beat"), "--pidfile", ""],
    ]
    with (folder / "celery.log").open("w") as log:
        started = [
            subprocess.Popen(command, cwd=servers.ROOT, env=env, stdout=log, stderr=log, start_new_session=True)
            for command in commands
        ]
        try:
            yield
        finally:
            for process in started:
                process.terminate()
            for process in started:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=15)
                if process.poll() is None:
                    with suppress(ProcessLookupError):
                        os.killpg(process.pid, 9)
                    process.wait()


def wait_for(condition: Any, longest: float) -> float:
    """Until it is so, or `longest` seconds have passed; how many did."""
    began = time.monotonic()
    while time.monotonic() - began < longest and not condition():
        time.sleep(0.5)
    return time.monotonic() - began
