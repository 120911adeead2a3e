"""Three hours down: a thousand hourly schedules, a third of each policy, come back to one installation."""

import os
import time

from benchmarks import tables
from benchmarks.comparing import Plan
from benchmarks.scheduler import estate
from benchmarks.tables import Line

SCHEDULES = int(os.environ.get("BENCH_SCHEDULES", "1000"))
LONGEST_SECONDS = 300
#: RUNS_PER_TENANT as it is by default: all of them are one tenant's.
AT_ONCE = 100
OPEN = "SELECT count(*) FROM scheduling_schedulerun WHERE state IN ('due', 'claimed', 'running')"
HELD = "SELECT count(*) FROM scheduling_schedulerun WHERE state IN ('claimed', 'running')"
LEFT = "SELECT count(*) FROM scheduling_schedule WHERE next_run_at <= now() AND is_enabled"
BY_POLICY = """
    SELECT schedule.misfire_policy, count(*) FILTER (WHERE run.state = 'succeeded'),
           count(*) FILTER (WHERE run.state = 'skipped'), count(*) FILTER (WHERE run.state NOT IN
           ('succeeded', 'skipped')), count(DISTINCT schedule.id)
      FROM scheduling_schedulerun run JOIN scheduling_schedule schedule ON schedule.id = run.schedule_id
     GROUP BY 1 ORDER BY 1
"""
#: Schedules, of those with nothing open, of which what was missed did not go as their policy says: nothing of it, one
#: for all, or each.
AGAINST_POLICY = """
    SELECT count(*) FROM (
        SELECT schedule.misfire_policy AS policy, count(*) AS missed,
               count(*) FILTER (WHERE run.state = 'succeeded') AS ran,
               count(*) FILTER (WHERE run.state = 'skipped' AND run.code = 'misfire') AS skipped
          FROM scheduling_schedule schedule JOIN scheduling_schedulerun run ON run.schedule_id = schedule.id
         WHERE run.created_at - run.scheduled_for > interval '5 minutes'
         GROUP BY schedule.id
        HAVING bool_and(run.state NOT IN ('due', 'claimed', 'running'))) AS each
     WHERE ran + skipped <> missed
        OR ran <> CASE policy WHEN 'skip' THEN 0 WHEN 'run_once' THEN 1 ELSE missed END
"""


def measure(kind: str, plan: Plan) -> list[Line]:
    """Two lines: how long the backlog took and whether it went as the policies say; how many were worked on at once."""
    if kind == "sqlite" or not estate.has_redis():
        return []
    most = 0
    with estate.working("misfire", SCHEDULES) as under:
        began = time.monotonic()

        def is_over() -> bool:
            nonlocal most
            most = max(most, under.number(HELD))
            return bool(under.number(LEFT) == 0 and under.number(OPEN) == 0)

        estate.wait_for(is_over, LONGEST_SECONDS)
        seconds = time.monotonic() - began
        rows, wrong, left = under.ask(BY_POLICY), under.number(AGAINST_POLICY), under.number(OPEN)
    head = ("policy", "ran", "skipped, with a row", "other", "schedules")
    tables.show("After three hours down, by policy", head, [tuple(str(cell) for cell in row) for row in rows])
    ran, skipped = sum(row[1] for row in rows), sum(row[2] for row in rows)
    what = f"backlog of {SCHEDULES} schedules after 3 h down"
    figure = f"{ran} ran, {skipped} skipped, {left} left, {seconds:.0f} s, {wrong} schedules against their policy"
    return [
        Line(what, "postgres", figure, wanted="as the policy says", value=wrong, bound=0, smaller_is_better=True),
        Line(f"{what}: worked on at once", "postgres", f"{most}", value=most, bound=AT_ONCE, smaller_is_better=True),
    ]
