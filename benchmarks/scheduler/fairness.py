"""One tenant with ten thousand due, another with thirty in the same minute: how long do the thirty wait?"""

import os
import time

from benchmarks import tables
from benchmarks.comparing import Plan
from benchmarks.scheduler import estate, lag
from benchmarks.tables import Line

CROWD = int(os.environ.get("BENCH_CROWD", "10000"))
WATCHED_SECONDS = 90
QUIET = "run.tenant_id = (SELECT id FROM identities_tenant WHERE slug = 'quiet')"
CROWDED = "run.tenant_id = (SELECT id FROM identities_tenant WHERE slug = 'crowd')"


def measure(kind: str, plan: Plan) -> list[Line]:
    """One line: the other tenant's lag while the crowd is worked off, watched for ninety seconds."""
    if kind == "sqlite" or not estate.has_redis():
        return []
    with estate.working("fairness", CROWD) as under:
        over = f"SELECT count(*) FROM scheduling_schedulerun run WHERE run.started_at IS NOT NULL AND {QUIET}"
        estate.wait_for(lambda: time.time() > under.due.timestamp(), 90)
        estate.wait_for(lambda: under.number(over) >= 30, WATCHED_SECONDS)
        (quiet,) = under.ask(lag.FIGURES.format(moment=lag.SPREAD, which=QUIET))
        (crowd,) = under.ask(lag.FIGURES.format(moment=lag.AT_ONCE, which=CROWDED))
    rows = [
        (name, f"{row[0]}", f"{float(row[2] or 0):.1f}", f"{float(row[4] or 0):.1f}")
        for name, row in (("the other tenant", quiet), (f"the tenant with {CROWD}", crowd))
    ]
    tables.show("Fairness between two tenants", ("whose runs", "started", "lag p50 s", "lag max s"), rows)
    figure = f"max {float(quiet[4] or 0):.1f} s of {quiet[0]} (the crowd had {crowd[0]} started)"
    return [Line(f"lag of another tenant beside {CROWD} due", "postgres", figure, wanted="≤ 10 s", unit="s", bound=10)]
