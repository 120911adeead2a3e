"""The clock with 50,000 schedules: its tick at rest and after any change, beside django-celery-beat's.

`BENCH_BEAT` names the folder that django-celery-beat was installed into, where it is not importable as it is:
`pip install --target FOLDER --no-deps django-celery-beat django-timezone-field python-crontab cron-descriptor`.
"""

import importlib.util
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from benchmarks import servers, tables
from benchmarks.comparing import Plan
from benchmarks.tables import Line

SCHEDULES, TICKS = 50_000, 15
BEAT = os.environ.get("BENCH_BEAT", "")
WITHOUT = "django-celery-beat is not installed, so it is not beside us: BENCH_BEAT, see benchmarks/ticking.py"


def measure(kind: str, plan: Plan) -> list[Line]:
    """One table for one kind of database, and its lines. Both clocks have nothing due that they would have to send."""
    rows = int(os.environ.get("BENCH_SCHEDULES", SCHEDULES))
    with (
        tempfile.TemporaryDirectory(prefix="steward-bench-") as name,
        servers.scratch_database(kind, Path(name)) as database,
    ):
        env = servers.environment(database, Path(name), servers.free_port())
        servers.run("benchmarks.seed", env=env)
        ours = json.loads(servers.run("benchmarks.ticking", str(rows), env=env))
    stock = _stock(kind, rows)
    tables.show(
        f"The clock's tick with {rows:,} schedules on {kind}",
        ("clock", "start s", "at rest ms", "cpu", "after any change ms", "cpu", "memory MB"),
        [_row("Steward", ours)] + ([_row("django-celery-beat", stock)] if stock else []),
        notes=("cpu: of Python's thread alone; start: until the first tick has ended", *(() if stock else (WITHOUT,))),
    )
    return [
        Line(
            f"tick {said}, {rows:,} schedules",
            kind,
            f"{1000 * ours[which]:.1f} ms",
            cpu_ratio=f"{stock[which + '_cpu'] / ours[which + '_cpu']:.1f} x" if stock else "",
            beside_stock=f"{stock[which] / ours[which]:.0f} x as quick as django-celery-beat" if stock else "",
            unit="ms",
            bound=5.0,
            smaller_is_better=True,
        )
        for said, which in (("at rest", "rest"), ("after any change", "changed"))
    ]


def _stock(kind: str, rows: int) -> dict[str, float]:
    if not BEAT and importlib.util.find_spec("django_celery_beat") is None:
        return {}
    with (
        tempfile.TemporaryDirectory(prefix="steward-bench-") as name,
        servers.scratch_database(kind, Path(name), "beat") as database,
    ):
        env: Mapping[str, str] = servers.environment(database, Path(name), servers.free_port(), PYTHONWARNINGS="ignore")
        env = {**env, "PYTHONPATH": os.pathsep.join(filter(None, (env["PYTHONPATH"], BEAT)))}
        found: dict[str, float] = json.loads(servers.run("benchmarks.peers.stock_beat", str(rows), env=env))
    return found


def _row(clock: str, found: Mapping[str, float]) -> tuple[str, ...]:
    return (
        clock,
        f"{found['start']:.2f}",
        *(f"{1000 * found[which]:.1f}" for which in ("rest", "rest_cpu", "changed", "changed_cpu")),
        f"{found['megabytes']:.0f}",
    )


def inside(number: int) -> dict[str, float]:
    """In a process of its own, on a database that was seeded: fill, tick, change a schedule, tick."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.db.models import F

    from scheduling import tasks
    from scheduling.models import Schedule

    _fill(number)
    before, started = megabytes(), time.perf_counter()
    tasks.tick()
    start = time.perf_counter() - started
    rest = middle([timed(tasks.tick) for _ in range(TICKS)])
    changed: list[tuple[float, float]] = []
    for schedule in Schedule.objects.order_by("name")[:TICKS]:
        Schedule.objects.filter(pk=schedule.pk).update(next_run_at=F("next_run_at") + timedelta(minutes=1))
        changed.append(timed(tasks.tick))
    return figures(start, rest, middle(changed), megabytes() - before)


def timed(act: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of this thread's processor."""
    started, used = time.perf_counter(), time.thread_time()
    act()
    return time.perf_counter() - started, time.thread_time() - used


def middle(found: list[tuple[float, float]]) -> tuple[float, float]:
    """The median of both."""
    return statistics.median(clock for clock, _ in found), statistics.median(cpu for _, cpu in found)


def figures(start: float, rest: tuple[float, float], changed: tuple[float, float], memory: float) -> dict[str, float]:
    """As both clocks tell them."""
    return {
        "start": start,
        "rest": rest[0],
        "rest_cpu": rest[1],
        "changed": changed[0],
        "changed_cpu": changed[1],
        "megabytes": memory,
    }


def megabytes() -> float:
    """What this process holds in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _fill(number: int) -> None:
    """One schedule through its model, the others as copies of its row in SQL: they come due from tomorrow on."""
    from django.db import connection
    from django.utils import timezone

    from identities.people.models import Tenant
    from scheduling.models import Schedule, Workflow

    tenant = Tenant.objects.get(slug="bench")
    steps = [{"id": "hello", "kind": "log", "params": {"message": "hello"}}]
    workflow = Workflow.objects.create(tenant=tenant, key="wf-tick", name="Tick", nodes=steps)
    first = Schedule.objects.create(
        tenant=tenant,
        workflow=workflow,
        name="tick-0",
        cron_expression="0 0 * * *",
        timezone="UTC",
        managed_identity_id=UUID(int=1),
        secret_reference={},
        next_run_at=timezone.now() + timedelta(days=1),
    )
    quoted, meta = connection.ops.quote_name, Schedule._meta
    columns = [str(field.column) for field in meta.local_concrete_fields]
    is_postgres = connection.vendor == "postgresql"
    own = {
        str(meta.pk.column): "gen_random_uuid()" if is_postgres else "lower(hex(randomblob(16)))",
        "name": "'tick-' || i",
    }
    told = ", ".join(own.get(column, quoted(column)) for column in columns)
    table = quoted(meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s) "
            f"INSERT INTO {table} ({', '.join(map(quoted, columns))}) SELECT {told} FROM {table}, n WHERE name = %s",
            [number - 1, first.name],
        )
        cursor.execute(f"ANALYZE {table}")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(inside(int(sys.argv[1]))) + "\n")
