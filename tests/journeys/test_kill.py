"""The process is killed at random while it works off a backlog: nothing is lost, nothing is done twice (promise 1)."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import migrated
from tests.journeys.killing import checker
from tests.journeys.killing.payroll import Payroll

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 180


@pytest.fixture
def payroll() -> Iterator[Payroll]:
    with Payroll(pause=0.1).listening() as made:
        yield made


@dataclass
class Portal:
    """`manage.py portal` as a process of its own, on a folder of its own."""

    folder: Path
    payroll: Payroll
    process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
        return kept | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "STEWARD_DATA_DIR": str(self.folder),
            "STEWARD_ADMIN_PASSWORD": "Only-4-this-test!",
            "STEWARD_OUTBOUND_PRIVATE_ALLOW": "127.0.0.0/8",
            "LOG_LEVEL": "WARNING",
        }

    @property
    def database(self) -> checker.Query:
        return checker.sqlite(self.folder / "steward.db")

    def make_estate(self, count: int) -> None:
        migrated.begin(self.folder)
        command = [sys.executable, "-m", "tests.journeys.killing.estate", str(count), self.payroll.address]
        subprocess.run(command, cwd=ROOT, env=self.environment, check=True, timeout=PATIENCE)

    def start(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "manage.py", "portal", "--bind", f"127.0.0.1:{port}"]
        with (self.folder / "portal.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(timeout=PATIENCE)

    def wait_for(self, deliveries: int) -> bool:
        """Until the receiver has had so many requests, or all runs are done: whether there is more to come."""
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            if len(self.payroll.delivered) >= deliveries:
                return True
            if checker.all_runs(self.database) and not checker.open_runs(self.database):
                return False
            time.sleep(0.02)
        raise AssertionError((self.folder / "portal.log").read_text()[-4000:])

    def work_off(self) -> None:
        ends = time.monotonic() + 2 * PATIENCE
        while checker.open_runs(self.database) or not checker.all_runs(self.database):
            assert time.monotonic() < ends, (self.folder / "portal.log").read_text()[-4000:]
            time.sleep(0.05)


@pytest.fixture
def portal(tmp_path: Path, payroll: Payroll) -> Iterator[Portal]:
    made = Portal(folder=tmp_path, payroll=payroll)
    yield made
    made.kill()


@pytest.mark.parametrize(
    ("count", "kills"), [(40, 3), pytest.param(200, 25, marks=[pytest.mark.long, pytest.mark.timeout(1800)])]
)
def test_no_kill_loses_or_doubles_a_run(portal: Portal, count: int, kills: int):
    chance = random.Random(f"{count} runs")
    portal.make_estate(count)
    made = 0
    portal.start()
    for number in range(kills):
        # Anywhere in the work that is left, then anywhere in the tenths of a second after it.
        before = len(portal.payroll.delivered)
        share = max(1, (2 * count - before) // (kills - number + 1))
        if not portal.wait_for(before + chance.randint(1, share)):
            break
        time.sleep(chance.uniform(0, 0.15))
        portal.kill()
        made += 1
        portal.start()
    portal.work_off()
    portal.kill()
    found = checker.check(portal.database, portal.payroll.delivered, since=count)
    assert found.faults == {}
    assert found.runs >= count
    assert made == kills
    assert found.resumed > 0, "no kill fell into a run: the test showed nothing"
