"""Three workers, two clocks and a web process on PostgreSQL and Redis, each killed at random (promise 1)."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.journeys.killing import checker
from tests.journeys.killing.payroll import Payroll

ROOT = Path(__file__).resolve().parents[2]
POSTGRES = os.environ.get("STEWARD_TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432/")
REDIS = os.environ.get("STEWARD_TEST_REDIS", "redis://127.0.0.1:6379/15")
PATIENCE = 180
CELERY = [sys.executable, "-m", "celery", "-A", "config.celery"]


def answers(address: str) -> bool:
    parts = urlsplit(address)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=2):
            return True
    except OSError:
        return False


pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not (answers(POSTGRES) and answers(REDIS)), reason="needs PostgreSQL and Redis"),
]


@pytest.fixture
def database() -> Iterator[str]:
    import psycopg

    name = f"steward_kill_{os.getpid()}"
    with psycopg.connect(f"{POSTGRES.rstrip('/')}/postgres", autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name}")
        yield f"{POSTGRES.rstrip('/')}/{name}"
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


class Shop:
    """The processes, by name; what is killed is started again."""

    def __init__(self, folder: Path, database: str, payroll: Payroll) -> None:
        self.folder, self.payroll, self.ask = folder, payroll, checker.postgres(database)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
        self.environment = kept | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": database,
            "CELERY_BROKER_URL": REDIS,
            "STEWARD_DATA_DIR": str(folder),
            "STEWARD_ADMIN_PASSWORD": "Only-4-this-test!",
            "STEWARD_OUTBOUND_PRIVATE_ALLOW": "127.0.0.0/8",
            "SECRET_KEY": "kill-test-" + "0123456789abcdef" * 4,
            "STEWARD_ENCRYPTION_KEY": "c3Rld2FyZC10ZXN0LWVuY3J5cHRpb24ta2V5LTMyYiE=",
            "PASSPORT_ISSUER": f"http://{self.address}",
            "RUN_LEASE_SECONDS": "5",
            "RUN_HEARTBEAT_SECONDS": "1",
            "LOG_LEVEL": "WARNING",
        }
        queues = ["-Q", "steward.clock,steward.runs"]
        worker = [*CELERY, "worker", "-P", "threads", "-c", "4", *queues, "--without-gossip", "--without-mingle"]
        self.commands = {
            "web": [sys.executable, "-m", "gunicorn", "-b", self.address, "--threads", "8", "config.wsgi"],
            **{f"worker{number}": [*worker, "-n", f"w{number}@kill"] for number in range(3)},
            **{f"beat{number}": [*CELERY, "beat", "-s", str(folder / f"beat{number}")] for number in range(2)},
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def make_estate(self, count: int) -> None:
        command = [sys.executable, "-m", "tests.journeys.killing.estate", str(count), self.payroll.address]
        subprocess.run(command, cwd=ROOT, env=self.environment, check=True, timeout=PATIENCE)

    def start(self, name: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                self.commands[name], cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, name: str) -> None:
        """The process and its children: a session of its own, so nobody else is hit."""
        os.killpg(self.processes[name].pid, signal.SIGKILL)
        self.processes[name].wait(timeout=PATIENCE)

    def has_had(self, deliveries: int) -> bool:
        return len(self.payroll.delivered) >= deliveries

    def story(self) -> str:
        """For whoever reads the failure: the runs that have not succeeded, then the end of each log."""
        rows = "\n".join(map(str, checker.unfinished(self.ask)))
        return rows + "\n" + "\n".join(f"== {log.name}\n{log.read_text()[-1500:]}" for log in self.folder.glob("*.log"))


@pytest.fixture
def shop(tmp_path: Path, database: str) -> Iterator[Shop]:
    with Payroll(pause=0.1).listening() as payroll:
        made = Shop(tmp_path, database, payroll)
        yield made
        for name in made.processes:
            made.kill(name)


def wait_until(what: Callable[[], bool], shop: Shop) -> None:
    ends = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < ends, shop.story()
        time.sleep(0.05)


def test_no_kill_of_any_process_loses_or_doubles_a_run(shop: Shop):
    count, kills, chance = 200, 20, random.Random(7)
    shop.make_estate(count)
    for name in shop.commands:
        shop.start(name)
    for _ in range(kills):
        before = len(shop.payroll.delivered)
        goal = min(before + chance.randint(1, 12), 2 * count)
        wait_until(partial(shop.has_had, goal), shop)
        victim = chance.choice(sorted(shop.commands))
        shop.kill(victim)
        shop.start(victim)
    wait_until(lambda: checker.all_runs(shop.ask) >= count and checker.open_runs(shop.ask) == 0, shop)
    found = checker.check(shop.ask, shop.payroll.delivered, since=count)
    assert found.faults == {}
    assert found.resumed > 0, "no kill fell into a run: the test showed nothing"
