"""A PostgreSQL installation is dumped, works on, is lost, and is put back into an empty database (promise 19)."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import migrated
from tests.journeys.killing import checker
from tests.journeys.killing.payroll import Payroll
from tests.journeys.test_kill_many import POSTGRES, REDIS, ROOT, Shop, answers

PATIENCE = 240
COUNT = 20

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not (answers(POSTGRES) and answers(REDIS)), reason="needs PostgreSQL and Redis"),
    pytest.mark.skipif(not (shutil.which("pg_dump") and shutil.which("pg_restore")), reason="needs PostgreSQL's tools"),
]


@pytest.fixture
def databases(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """One that is migrated, and an empty one."""
    import psycopg

    server = POSTGRES.rstrip("/")
    lost, new = (f"steward_restore_{which}_{os.getpid()}" for which in ("lost", "new"))
    monkeypatch.setenv("DATABASE_URL", f"{server}/{lost}")
    settings = {"ENGINE": "django.db.backends.postgresql", "NAME": lost, "TEST": {"NAME": lost}}
    with migrated.provided(settings), psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {new}")
        yield f"{server}/{lost}", f"{server}/{new}"
        connection.execute(f"DROP DATABASE IF EXISTS {new} WITH (FORCE)")


def manage(shop: Shop, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=shop.environment, capture_output=True, text=True, check=False, timeout=PATIENCE
    )


def wait_until(what: Callable[[], bool], shop: Shop) -> None:
    ends = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < ends, shop.story()
        time.sleep(0.1)


def start(shop: Shop) -> None:
    for name in ("web", "worker0", "beat0"):
        shop.start(name)


def kill(shop: Shop) -> None:
    for name in list(shop.processes):
        shop.kill(name)
        del shop.processes[name]


def occurrences(shop: Shop) -> set[tuple[object, object]]:
    rows = shop.ask("SELECT schedule_id, scheduled_for FROM scheduling_schedulerun WHERE scheduled_for IS NOT NULL")
    return {(schedule, at) for schedule, at in rows}


def seen(shop: Shop) -> int:
    """How many records the newest checkpoint outside the database speaks of."""
    file = shop.folder / "checkpoints.jsonl"
    return int(json.loads(file.read_text().splitlines()[-1])["seq"]) if file.exists() else 0


def records(shop: Shop) -> int:
    return int(shop.ask("SELECT count(*) FROM audit_auditevent")[0][0])


def test_what_ran_before_a_backup_never_runs_again_and_what_came_after_it_is_named(
    tmp_path: Path, databases: tuple[str, str]
) -> None:
    lost, new = databases
    with Payroll(pause=0.01).listening() as payroll:
        shop = Shop(tmp_path, lost, payroll)
        try:
            shop.make_estate(COUNT)
            start(shop)
            wait_until(lambda: len(payroll.delivered) >= COUNT, shop)
            wait_until(lambda: seen(shop) > 0, shop)
            dump = tmp_path / "steward.dump"
            subprocess.run(["pg_dump", "--format=custom", f"--file={dump}", lost], check=True)
            dumped, told = occurrences(shop), Counter(key for key, _ in payroll.delivered)
            # The database works on: an occurrence a minute, and checkpoints that nothing will know of any more.
            wait_until(lambda: fresh(shop, dumped), shop)
            so_far = records(shop)
            wait_until(lambda: seen(shop) >= so_far, shop)
            kill(shop)
            lived = occurrences(shop)
            outside = Path(shutil.copy(tmp_path / "checkpoints.jsonl", tmp_path / "outside.jsonl"))
            all_told = Counter(key for key, _ in payroll.delivered)

            subprocess.run(["pg_restore", f"--dbname={new}", "--no-owner", "--exit-on-error", str(dump)], check=True)
            shop.ask, shop.environment["DATABASE_URL"] = checker.postgres(new), new
            kept = occurrences(shop)
            assert kept <= dumped < lived
            verified = manage(shop, "verify_audit", "--checkpoint", str(outside))
            assert verified.returncode == 1
            assert "(cut): the tail is cut off after" in verified.stderr
            nothing_fires_yet(shop, kept)

            done = manage(shop, "restored", "--reason", "The disk died")
            assert done.returncode == 0, done.stderr
            assert "of the audit trail are lost" in done.stdout
            start(shop)
            wait_until(lambda: fresh(shop, kept), shop)
        finally:
            kill(shop)
        skipped = shop.ask("SELECT schedule_id, scheduled_for FROM scheduling_schedulerun WHERE code = 'restored'")
        assert lived - kept <= set(skipped), "what ran in the lost time has a row, and no run"
        after = Counter(key for key, _ in payroll.delivered)
        assert {key: after[key] for key in all_told} == dict(all_told), "a key that was told is never told again"
        assert set(told) <= set(all_told)
        assert manage(shop, "verify_audit").returncode == 0
        verified = manage(shop, "verify_audit", "--checkpoint", str(outside))
        assert verified.returncode == 1
        assert "says that a backup was restored" in verified.stderr


def nothing_fires_yet(shop: Shop, kept: set[tuple[object, object]]) -> None:
    """A clock and a worker that were started too soon."""
    for name in ("worker0", "beat0"):
        shop.start(name)
    log = shop.folder / "worker0.log"
    wait_until(lambda: "restored.unanswered" in log.read_text(), shop)
    time.sleep(3)
    kill(shop)
    assert occurrences(shop) == kept


def fresh(shop: Shop, kept: set[tuple[object, object]]) -> bool:
    """A whole new occurrence has succeeded since."""
    rows = shop.ask("SELECT schedule_id, scheduled_for FROM scheduling_schedulerun WHERE state = 'succeeded'")
    return not set(rows) <= kept
