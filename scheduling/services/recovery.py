"""Runs whose worker is gone: given back to the queue, or given up when it happens again and again."""

import os
import socket
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from audit import context, services as audit
from audit.actors import Actor
from audit.events import Outcome
from scheduling.events import RunEvent
from scheduling.models import RunState, RunStep, ScheduleRun, StepState
from scheduling.services import ledger, limits


def recover_lost(at: datetime, limit: int = 500) -> list[UUID]:
    """Put every run whose lease has ended back to due; a loss is a resume, not an attempt. Ids of the runs due again.

    A run lost once more after 20 resumes is `failed`, code `worker_lost`.
    """
    lost = Q(state__in=ledger.HELD, lease_expires_at__lte=at)
    return _recover(ScheduleRun.objects.filter(lost).order_by("lease_expires_at")[:limit], at)


def take_over_dead(at: datetime) -> list[UUID]:
    """At the start of the embedded process: what the dead one before it held is due again, whatever the leases say.

    On SQLite there is one process, so nobody else can be working on anything; elsewhere only runs are taken that a
    process of this host held which is no more. What was rung is rung again: the queue in memory died too.
    """
    held = ScheduleRun.objects.filter(state__in=ledger.HELD)
    if connection.vendor == "sqlite":
        ScheduleRun.objects.filter(state=RunState.DUE).exclude(rung_at=None).update(rung_at=None)
        return _recover(held, at)
    host = f"{socket.gethostname()}:"
    return _recover([run for run in held.filter(claimed_by__startswith=host) if not _is_alive(run.claimed_by)], at)


def _is_alive(worker: str) -> bool:
    """Whether the process in `host:pid:thread` is another one that lives."""
    pid = worker.split(":")[1]
    if not pid.isdigit() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def end_overdue(at: datetime, limit: int = 200) -> int:
    """End what nobody holds and must end now: cancelled on request, or past its deadline."""
    oldest = at - limits.deadline()
    late = Q(started_at__lt=oldest) | Q(started_at=None, created_at__lt=oldest)
    runs = ScheduleRun.objects.select_related("schedule").filter(state=RunState.DUE)
    ended = 0
    for run in runs.filter(late | Q(cancel_requested_at__isnull=False))[:limit]:
        end = ledger.untaken_end(run, at)
        ended += bool(end and ledger.end_untaken(run, end, at=at))
    return ended


def _recover(runs: Iterable[ScheduleRun], at: datetime) -> list[UUID]:
    return [run.id for run in list(runs) if _give_back(run, at)]


@transaction.atomic
def _give_back(run: ScheduleRun, at: datetime) -> bool:
    """Whether the run is due again. Compare-and-set on the very lease that was seen to be over."""
    seen = ScheduleRun.objects.filter(
        id=run.id, state__in=ledger.HELD, lease_epoch=run.lease_epoch, lease_expires_at=run.lease_expires_at
    )
    if run.resumes >= limits.RESUMES:
        _give_up(run, seen, at)
        return False
    moved = seen.update(
        state=RunState.DUE,
        resumes=F("resumes") + 1,
        available_at=at,
        rung_at=None,
        claimed_by="",
        lease_expires_at=None,
    )
    if moved:
        _record(run, RunEvent.RESUMED, Outcome.SUCCESS, f"The worker {run.claimed_by} was lost")
    return bool(moved)


def _give_up(run: ScheduleRun, seen: "QuerySet[ScheduleRun]", at: datetime) -> None:
    reason = f"The worker was lost {run.resumes + 1} times"
    ended = seen.update(state=RunState.FAILED, code="worker_lost", reason=reason, finished_at=at, lease_expires_at=None)
    if ended:
        RunStep.objects.filter(run=run, state=StepState.RUNNING).update(state=StepState.FAILED, finished_at=at)
        _record(run, RunEvent.FAILED, Outcome.FAILURE, reason)


def _record(run: ScheduleRun, event: RunEvent, outcome: Outcome, reason: str) -> None:
    with context.bound(correlation_id=run.correlation_id, run_id=run.id):
        audit.record(
            event,
            actor=Actor.system(ledger.SYSTEM, run.tenant_id),
            subject=run.subject,
            outcome=outcome,
            reason=reason,
            details={"resumes": run.resumes + 1, "worker": run.claimed_by},
        )
