"""A claim of five hundred due, and a tick at rest, among ever more schedules and a million runs that have ended."""

import json
import os
import tempfile
from pathlib import Path

from benchmarks import servers, tables
from benchmarks.comparing import Plan
from benchmarks.tables import Line

SIZES = tuple(int(size) for size in os.environ.get("BENCH_CLAIM_SIZES", "10000 100000 1000000").split())


def measure(kind: str, plan: Plan) -> list[Line]:
    """Two lines for each size of the table, on PostgreSQL."""
    if kind == "sqlite":
        return []
    lines: list[Line] = []
    rows = []
    with (
        tempfile.TemporaryDirectory(prefix="steward-bench-") as name,
        servers.scratch_database(kind, Path(name), "claim") as database,
    ):
        env = servers.environment(database, Path(name), servers.free_port())
        servers.run("benchmarks.seed", env=env)
        for size in SIZES:
            found = json.loads(servers.run("benchmarks.scheduler.claiming", str(size), env=env))
            rows.append((f"{size:,}", f"{found['runs']:,}", *(f"{found[name]:.1f}" for name in NAMES)))
            among = f"among {size:,} schedules and as many ended runs"
            claimed = f"{found['claim']:.0f} ms by the clock, {found['claim_cpu']:.0f} ms of processor"
            rested = f"{found['tick']:.1f} ms by the clock, {found['tick_cpu']:.1f} ms of processor"
            lines.append(Line(f"claim of 500 {among}", kind, claimed, wanted="≤ 200 ms, flat", unit="ms", bound=200))
            lines.append(Line(f"tick at rest {among}", kind, rested, wanted="≤ 5 ms", unit="ms", bound=5))
    head = ("schedules", "ended runs", "claim ms", "claim cpu ms", "tick ms", "tick cpu ms", "sweep ms")
    tables.show("Claims and ticks among many rows (medians; cpu: Python's and PostgreSQL's)", head, rows)
    return lines


NAMES = ("claim", "claim_cpu", "tick", "tick_cpu", "sweep")
