"""Run in a process of its own: two hundred schedules due at one instant, a clock and four workers; prints the lags.

The broker is left out: the clock's own tick hands its runs to a pool in this process' memory. On SQLite the workers are
threads, as in the embedded mode; on PostgreSQL they are processes, as Celery's are in production.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Iterable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime, timedelta
from multiprocessing import get_context
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
WORKERS, LONGEST_SECONDS = 4, 120


def main(number: int) -> None:
    django.setup()
    due = _schedules(number)
    seconds = _work_until_done(number)
    sys.stdout.write(json.dumps(_figures(due) | {"cpu": round(seconds * 1000 / number, 1)}) + "\n")


def _schedules(number: int) -> datetime:
    """One identity that may run a workflow of one step, and `number` schedules of it that come due in three seconds."""
    from django.utils import timezone

    from audit.actors import Actor
    from identities.access.models import Role, RoleBinding
    from identities.lifecycle import services as lifecycle
    from identities.people.models import Tenant
    from identities.vaults import services as vaults
    from identities.vaults.references import SecretReference
    from scheduling.models import Schedule, Workflow, WorkflowVersion

    actor, tenant = Actor.system("benchmarks"), Tenant.objects.get(slug="bench")
    vaults.ensure_default()
    reference = SecretReference("local", "local://default", "lag")
    facts = {"name": "lag-bot", "environment": "production", "purpose": "benchmark"}
    bot = lifecycle.onboard(tenant_id=tenant.id, facts=facts, actor=actor, store_secret_at=reference).identity
    now = timezone.now()
    role = Role.objects.create(tenant=tenant, name="runner", permissions=["workflow.execute"])
    RoleBinding.objects.create(
        identity=bot, role=role, valid_from=now, valid_until=now + timedelta(days=1), reason="benchmark"
    )
    steps = [{"id": "hello", "kind": "log", "params": {"message": "hello"}}]
    workflow = Workflow.objects.create(tenant=tenant, key="wf-lag", name="Lag", nodes=steps)
    WorkflowVersion.objects.create(workflow=workflow, version=1, definition=workflow.definition)
    # An occurrence of a daily schedule: there is one a day, so nothing is added while the two hundred are worked off.
    due = (now + timedelta(minutes=1)).replace(second=0, microsecond=0)
    Schedule.objects.bulk_create(
        Schedule(
            tenant=tenant,
            workflow=workflow,
            name=f"lag-{position}",
            cron_expression=f"{due.minute} {due.hour} * * *",
            timezone="UTC",
            managed_identity_id=bot.id,
            secret_reference=reference.as_json(),
            next_run_at=due,
        )
        for position in range(number)
    )
    return due


def _work_until_done(number: int) -> float:
    """The clock ticks each second, as beat does; a run that is told of is worked on by the next free worker.

    Answers the processor seconds of the workers.
    """
    from scheduling import tasks
    from scheduling.models import RunState, ScheduleRun

    over = (RunState.SUCCEEDED, RunState.FAILED, RunState.REFUSED, RunState.SKIPPED, RunState.CANCELLED)
    until = time.monotonic() + LONGEST_SECONDS
    handed: list[Future[float]] = []

    def hand_over(run_ids: Iterable[UUID]) -> int:
        taken = [workers.submit(_execute, run_id) for run_id in run_ids]
        handed.extend(taken)
        return len(taken)

    with _workers() as workers:
        tasks.ring = hand_over
        while time.monotonic() < until and ScheduleRun.objects.filter(state__in=over).count() < number:
            began = time.monotonic()
            tasks.tick()
            time.sleep(max(0.0, 1.0 - (time.monotonic() - began)))
    return sum(done.result() for done in handed)


def _workers() -> Executor:
    if os.environ["DATABASE_URL"].startswith("sqlite"):
        return ThreadPoolExecutor(WORKERS)
    pool = ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn"), initializer=django.setup)
    for warm in [pool.submit(_execute, UUID(int=number)) for number in range(WORKERS * 4)]:
        warm.result()
    return pool


def _execute(run_id: UUID) -> float:
    """Work on the run; the processor seconds it took this thread."""
    from scheduling import runner

    began = time.thread_time()
    runner.execute(run_id)
    return time.thread_time() - began


def _figures(due: datetime) -> dict[str, object]:
    from scheduling.models import RunState, ScheduleRun

    runs = list(ScheduleRun.objects.filter(started_at__isnull=False))
    lags = sorted((run.started_at - due).total_seconds() for run in runs if run.started_at) or [0.0]
    ended = max(((run.finished_at - due).total_seconds() for run in runs if run.finished_at), default=0.0)
    return {
        "runs": len(runs),
        "succeeded": sum(run.state == RunState.SUCCEEDED for run in runs),
        "p50": round(statistics.median(lags), 2),
        "p99": round(lags[int(len(lags) * 0.99)] if len(lags) > 1 else lags[0], 2),
        "max": round(lags[-1], 2),
        "ended": round(ended, 2),
    }


if __name__ == "__main__":
    main(int(sys.argv[1]))
