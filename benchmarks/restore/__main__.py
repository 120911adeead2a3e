"""`python -m benchmarks.restore`: dump a grown estate, put it back into an empty database, make it ready (promise 19).

Needs PostgreSQL on loopback and its tools (pg_dump, pg_restore). Both databases are dropped again.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from benchmarks import servers, tables
from benchmarks.upgrade import rows

#: From an empty host on.
WANTED = 15 * 60
COUNTED = ("identities_managedidentity", "audit_auditevent", "audit_auditseal", "scheduling_schedulerun")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.restore", description=__doc__)
    parser.add_argument("--identities", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=1_000_000, help="audit records and runs, each (default 1,000,000)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2, help="of pg_dump and pg_restore")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is stopped, what was made is removed
    with tempfile.TemporaryDirectory(prefix="steward-restore-") as name, ExitStack() as stack:
        folder = Path(name)
        full, empty = (
            stack.enter_context(servers.scratch_database("postgres", folder, of)) for of in ("full", "empty")
        )
        sys.exit(0 if measure(folder, full, empty, chosen) else 1)


def measure(folder: Path, full: str, empty: str, chosen: argparse.Namespace) -> bool:
    environment = servers.environment(full, folder / "data", 8000, STEWARD_ADMIN_PASSWORD="Only-4-this-restore!")
    _run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], environment)
    _run([sys.executable, "benchmarks/upgrade/estate.py", "5"], environment)
    rows.grow(full, identities=chosen.identities, events=chosen.rows, runs=chosen.rows)
    dump, jobs = folder / "dump", str(chosen.jobs)
    dumped = _timed(lambda: _run(["pg_dump", "--format=directory", "--jobs", jobs, "--file", str(dump), full]))
    put_back = _timed(
        lambda: _run(["pg_restore", "--jobs", jobs, "--no-owner", "--exit-on-error", "-d", empty, str(dump)])
    )
    analysed = _timed(lambda: _run(["vacuumdb", "--analyze-only", "--quiet", "-d", empty, "--jobs", jobs]))
    environment["DATABASE_URL"] = empty
    commands = {
        "manage.py migrate": ["migrate", "--verbosity", "0"],
        "manage.py restored": ["restored", "--reason", "rehearsal"],
    }
    ready = {
        name: _timed(lambda given=given: _run([sys.executable, "manage.py", *given], environment))  # type: ignore[misc]
        for name, given in commands.items()
    }
    is_whole = _same(full, empty)
    total = put_back + analysed + sum(ready.values())
    size = sum(file.stat().st_size for file in dump.iterdir())
    tables.show(
        f"Back up and restore: {chosen.identities} identities, {chosen.rows} audit records, {chosen.rows} runs; "
        f"{jobs} jobs, PostgreSQL at {urlsplit(full).hostname}",
        ("what", "figure", "wanted"),
        [
            ("database, MB", f"{rows.size(full) / 1e6:.0f}", ""),
            ("dump, MB", f"{size / 1e6:.0f}", ""),
            ("pg_dump, s", f"{dumped:.0f}", ""),
            ("pg_restore, s", f"{put_back:.0f}", ""),
            ("vacuumdb --analyze-only, s", f"{analysed:.0f}", ""),
            *((f"{name}, s", f"{seconds:.0f}", "") for name, seconds in ready.items()),
            ("from an empty database to ready, s", f"{total:.0f}", f"≤ {WANTED}"),
            ("rows that are missing", "none" if is_whole else "some", "none"),
        ],
    )
    return is_whole and total <= WANTED


def _timed(what: Callable[[], object]) -> float:
    began = time.monotonic()
    what()
    return time.monotonic() - began


def _run(command: list[str], environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=servers.ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command[0]} failed:\n{done.stderr[-3000:]}")


def _same(full: str, empty: str) -> bool:
    """Nothing is missing; what making it ready has added is no loss."""
    before, after = _counts(full), _counts(empty)
    return all(after[table] >= before[table] for table in COUNTED)


def _counts(database: str) -> dict[str, int]:
    with psycopg.connect(database) as db:
        return {table: int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in COUNTED}  # type: ignore[index]


if __name__ == "__main__":
    main()
