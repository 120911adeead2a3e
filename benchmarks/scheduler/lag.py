"""How late runs start: a thousand due at one instant, and a thousand spread over their minute by the stable jitter."""

import os

from benchmarks import tables
from benchmarks.comparing import Plan
from benchmarks.scheduler import embedded, estate
from benchmarks.tables import Line

SCHEDULES = int(os.environ.get("BENCH_SCHEDULES", "1000"))
LONGEST_SECONDS = 150
WANTED = "p50 ≤ 2 s, p99 ≤ 15 s, max ≤ 60 s"
#: From the moment at which a run may start to the moment at which its first step began.
FIGURES = """
    SELECT count(*), count(*) FILTER (WHERE state = 'succeeded'), percentile_cont(0.5) WITHIN GROUP (ORDER BY lag),
           percentile_cont(0.99) WITHIN GROUP (ORDER BY lag), max(lag), max(ended)
      FROM (SELECT run.state, extract(epoch FROM run.started_at - {moment}) AS lag,
                   extract(epoch FROM run.finished_at - run.scheduled_for) AS ended
              FROM scheduling_schedulerun run WHERE run.started_at IS NOT NULL AND {which}) AS begun
"""
#: With jitter a run may start at its `available_at`; a run that had to wait its turn has moved it, none does here.
AT_ONCE, SPREAD = "run.scheduled_for", "run.available_at"


def measure(kind: str, plan: Plan) -> list[Line]:
    """On SQLite 200 in one process; on PostgreSQL two lines, by Celery's own processes over Redis."""
    if kind == "sqlite":
        return embedded.measure(kind, plan)
    if not estate.has_redis():
        print(f"Start lag is left out: no Redis answers at {estate.REDIS}.")
        return []
    return [
        *_lines("due at one instant", "instant", AT_ONCE),
        *_lines("spread over their minute", "spread", SPREAD),
    ]


def _lines(words: str, shape: str, moment: str) -> list[Line]:
    with estate.working(shape, SCHEDULES) as under:
        over = "SELECT count(*) FROM scheduling_schedulerun WHERE state NOT IN ('due', 'claimed', 'running')"
        estate.wait_for(lambda: under.number(over) >= SCHEDULES, LONGEST_SECONDS)
        (found,) = under.ask(FIGURES.format(moment=moment, which="true"))
    number, succeeded, p50, p99, most, ended = (float(figure or 0) for figure in found)
    tables.show(
        f"Start lag of {SCHEDULES} schedules {words}: Celery over Redis, two workers of {estate.WORKERS}",
        ("started", "succeeded", "p50 s", "p99 s", "max s", "all ended after s"),
        [(f"{number:.0f}", f"{succeeded:.0f}", f"{p50:.1f}", f"{p99:.1f}", f"{most:.1f}", f"{ended:.0f}")],
    )
    figure = f"p50 {p50:.1f} s, p99 {p99:.1f} s, max {most:.1f} s, {number:.0f} started"
    what = f"start lag, {SCHEDULES} {words}"
    return [
        Line(what, "postgres", figure, wanted=WANTED, value=p50, unit="s", bound=2),
        Line(f"{what}: p99", "postgres", f"{p99:.1f} s", unit="s", bound=15),
    ]
