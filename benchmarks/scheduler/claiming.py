"""Run in a process of its own: fills the tables by SQL up to a size, then claims and ticks; prints the medians."""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
DUE, CLAIMS, TICKS = 500, 7, 100


def main(size: int) -> None:
    django.setup()
    from django.db import connection

    _fill(size)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE scheduling_schedule")
        cursor.execute("VACUUM ANALYZE scheduling_schedulerun")
        # What filling the tables has left to be written is not the claims' doing.
        cursor.execute("CHECKPOINT")
        cursor.execute("SELECT count(*) FROM scheduling_schedulerun")
        runs = cursor.fetchone()[0]
    claims = [_claim() for _ in range(CLAIMS)]
    ticks, sweeps = _each(_tick), _each(_sweep)
    figures = {
        "runs": runs,
        "claim": statistics.median(clock for clock, _ in claims),
        "claim_cpu": statistics.median(cpu for _, cpu in claims),
        "tick": ticks[0],
        "tick_cpu": ticks[1],
        "sweep": sweeps[0],
    }
    sys.stdout.write(json.dumps(figures) + "\n")


def _fill(size: int) -> None:
    """Copies of one schedule and of one run that has ended, until there are `size` of each."""
    from django.db import connection
    from django.utils import timezone

    from benchmarks.scheduler.seeding import _schedules
    from scheduling.models import RunState, Schedule, ScheduleRun

    at = timezone.now() + timedelta(days=30)
    if not Schedule.objects.exists():
        _schedules("crowd", "claim", 1, next_run_at=at, cron_expression="0 12 * * *")
    first = Schedule.objects.earliest("created_at")
    if not ScheduleRun.objects.exists():
        ScheduleRun.objects.create(
            tenant_id=first.tenant_id, schedule=first, workflow_id=first.workflow_id, workflow_key="wf",
            workflow_version=1, scheduled_for=timezone.now() - timedelta(days=900), available_at=timezone.now(),
            state=RunState.SUCCEEDED, identity_id=first.managed_identity_id, correlation_id="benchmark",
            finished_at=timezone.now(),
        )  # fmt: skip
    moved = {"name": "name || '-' || n", "next_run_at": "next_run_at + n * interval '1 second'"}
    with connection.cursor() as cursor:
        for model, changed in (
            (Schedule, moved),
            (ScheduleRun, {"scheduled_for": "scheduled_for + n * interval '1 minute'"}),
        ):
            begun = model.objects.count()
            names = [str(field.column) for field in model._meta.concrete_fields]
            values = [changed.get(name, "gen_random_uuid()" if name == "id" else f'source."{name}"') for name in names]
            quoted = ", ".join(f'"{name}"' for name in names)
            table, key = model._meta.db_table, model.objects.earliest("created_at").pk
            cursor.execute(
                f"INSERT INTO {table} ({quoted}) SELECT {', '.join(values)} FROM {table} AS source,"
                " generate_series(%s, %s) AS n WHERE id = %s",
                [begun, size - 1, key],
            )


def _claim() -> tuple[float, float]:
    """Five hundred made due, anywhere in the table; what one claim of them costs, in ms by the clock and processor."""
    from django.db import connection

    from audit import clock
    from scheduling.services import firing

    at = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE scheduling_schedule SET next_run_at = %s WHERE id IN"
            " (SELECT id FROM scheduling_schedule WHERE next_run_at > %s LIMIT %s)",
            [at - timedelta(seconds=1), at, DUE],
        )
    before, began = _processor(), time.monotonic()
    claim = firing.claim_due(at, limit=DUE)
    clocked, used = (time.monotonic() - began) * 1000, (_processor() - before) * 1000
    if len(claim.due) != DUE:
        raise RuntimeError(f"{len(claim.due)} of {DUE} were claimed.")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE scheduling_schedulerun SET state = 'succeeded' WHERE state = 'due'")
    return clocked, used


def _each(work: Callable[[], Any]) -> tuple[float, float]:
    clocked = []
    before = _processor()
    for _ in range(TICKS):
        began = time.monotonic()
        work()
        clocked.append((time.monotonic() - began) * 1000)
    return statistics.median(clocked), (_processor() - before) * 1000 / TICKS


def _tick() -> None:
    from scheduling import tasks

    tasks.tick()


def _sweep() -> None:
    from scheduling import tasks

    tasks.sweep()


def _processor() -> float:
    """Seconds of this process and of its PostgreSQL session."""
    from django.db import connection

    connection.ensure_connection()
    held: Any = connection.connection
    fields = Path(f"/proc/{held.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main(int(sys.argv[1]))
