"""How late schedules start: two hundred that come due at one instant, with four workers."""

import json
import tempfile
from pathlib import Path

from benchmarks import servers, tables
from benchmarks.comparing import Plan
from benchmarks.tables import Line

SCHEDULES = 200


def measure(kind: str, plan: Plan) -> list[Line]:
    """One line, however long the rounds of the plan: the seconds from an occurrence to the start of its run."""
    with (
        tempfile.TemporaryDirectory(prefix="steward-bench-") as name,
        servers.scratch_database(kind, Path(name)) as database,
    ):
        port = servers.free_port()
        env = servers.environment(database, Path(name), port, PASSPORT_URL=f"http://127.0.0.1:{port}")
        servers.run("benchmarks.seed", env=env)
        with servers.serving("config.wsgi:application", port, env=env, probe="/passport/jwks.json"):
            found = json.loads(servers.run("benchmarks.scheduler.lagging", str(SCHEDULES), env=env))
    tables.show(
        f"Start lag of {SCHEDULES} schedules due at one instant, on {kind}, four workers "
        f"({'threads of one process' if kind == 'sqlite' else 'processes'})",
        ("runs", "succeeded", "start p50 s", "start p99 s", "start max s", "all ended after s", "cpu ms/run"),
        [tuple(str(found[name]) for name in ("runs", "succeeded", "p50", "p99", "max", "ended", "cpu"))],
    )
    return [Line(f"start lag of {SCHEDULES} schedules", kind, f"p50 {found['p50']} s, all ended {found['ended']} s")]
