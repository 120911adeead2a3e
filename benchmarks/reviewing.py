"""Silence after a deadline: 10,000 items, one worker, two, and two of which one is killed in the middle."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks import servers, tables
from benchmarks.comparing import Plan
from benchmarks.tables import Line

ITEMS = 10_000
LONGEST_SECONDS = 600.0
#: After so many seconds of work one worker is killed.
KILLED_AFTER = 8.0
SETUPS = (("prepare", "1 worker", 1, False), ("fill", "2 workers", 2, False), ("fill", "2 workers, 1 killed", 2, True))


def measure(kind: str, plan: Plan) -> list[Line]:
    """One table for one kind of database, and its lines for the last one. `BENCH_ITEMS` items, by default 10,000."""
    items, rows = int(os.environ.get("BENCH_ITEMS", ITEMS)), []
    with (
        tempfile.TemporaryDirectory(prefix="steward-bench-") as name,
        servers.scratch_database(kind, Path(name), "reviews") as database,
    ):
        env = servers.environment(database, Path(name), servers.free_port(), PYTHONWARNINGS="ignore")
        servers.run("manage", "migrate", "--verbosity", "0", env=env)
        for step, who, number, is_killed in SETUPS:
            filled = json.loads(servers.run("benchmarks.silence_steps", step, str(items), env=env))
            if filled["seconds"]:
                rows.append(("items written", "1 worker", f"{filled['seconds']:.0f} s", f"{filled['cpu']:.0f} s", ""))
            wall, cpu = _work(filled["campaign"], number, is_killed=is_killed, env=env)
            found = json.loads(servers.run("benchmarks.silence_steps", "check", filled["campaign"], env=env))
            said = f"{found['settled']} of {found['items']} settled, {found['faults']} faults"
            rows.append(("silence", who, f"{wall:.0f} s", f"{cpu:.0f} s", said))
    tables.show(
        f"Reviews on {kind}: {items:,} items of high tier, one of ten answered",
        ("what", "who", "clock", "cpu", "checked by SQL"),
        rows,
        notes=(f"cpu: of Python's processes alone; load {os.getloadavg()[0]:.1f}",),
    )
    return [Line(f"{what}, {who}", kind, wall, beside_stock=said) for what, who, wall, _, said in rows]


def _work(campaign: str, number: int, *, is_killed: bool, env: Mapping[str, str]) -> tuple[float, float]:
    """Seconds until the campaign is closed, and of processor, of all workers; a killed one is not replaced."""
    before, began = _children(), time.monotonic()
    command = [sys.executable, "-m", "benchmarks.silence_steps", "work", campaign]
    workers = [
        subprocess.Popen(command, cwd=servers.ROOT, env=dict(env), stdout=subprocess.DEVNULL) for _ in range(number)
    ]
    try:
        if is_killed:
            time.sleep(KILLED_AFTER)
            workers[0].send_signal(signal.SIGKILL)
        for worker in workers:
            worker.wait(timeout=LONGEST_SECONDS)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    return time.monotonic() - began, _children() - before


def _children() -> float:
    used = os.times()
    return used.children_user + used.children_system
