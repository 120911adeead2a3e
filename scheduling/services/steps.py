"""The rows of a run's steps, written under its lease: a step begins, and ends with a record in the actor's name."""

from datetime import datetime
from typing import Any

from django.db import transaction

from audit import context, services as audit
from audit.actors import Actor
from audit.events import Outcome
from scheduling.events import RunEvent
from scheduling.models import RunStep, ScheduleRun, StepState
from scheduling.services import ledger

OUTCOMES = {
    StepState.SUCCEEDED: Outcome.SUCCESS,
    StepState.WAITING: Outcome.SUCCESS,
    StepState.SKIPPED: Outcome.SUCCESS,
    StepState.FAILED: Outcome.FAILURE,
    StepState.REFUSED: Outcome.DENIED,
}


def steps_of(run: ScheduleRun) -> list[RunStep]:
    """Every attempt at every step so far, oldest first."""
    return list(RunStep.objects.filter(run=run).order_by("sequence", "attempt"))


def begin(lease: ledger.Lease, row: RunStep | None, *, name: str, kind: str, sequence: int, at: datetime) -> RunStep:
    """Say that a step is being tried. `row` is this attempt's row when it was begun before (a lost worker, a wait):
    it is opened again and keeps its start. LeaseLost; CancelRequested when the run is to end before this step."""
    with transaction.atomic():
        ledger.hold(lease)
        if row is None:
            return RunStep.objects.create(
                run=lease.run, name=name, kind=kind, sequence=sequence, attempt=lease.run.attempt, started_at=at
            )
        row.state, row.finished_at = StepState.RUNNING, None
        row.save(update_fields=["state", "finished_at"])
    return row


def finish(
    lease: ledger.Lease,
    step: RunStep,
    *,
    state: StepState,
    detail: dict[str, Any],
    actor: Actor,
    at: datetime,
    output: Any = None,
    of_run: dict[str, Any] | None = None,
) -> None:
    """Say how a step went. LeaseLost when the run has another worker: then nothing of it is kept.

    `detail` and `output` are JSON without secrets; `of_run` goes to the run's own row in the same transaction.
    """
    with transaction.atomic():
        ledger.fence(lease, at=at, **(of_run or {}))
        step.state, step.detail, step.output = state, detail, output
        step.finished_at = None if state == StepState.WAITING else at
        step.save(update_fields=["state", "detail", "output", "finished_at"])
        with context.bound(correlation_id=lease.run.correlation_id, run_id=lease.run.id):
            audit.record(
                RunEvent.STEP_FINISHED,
                actor=actor,
                subject=lease.run.subject,
                outcome=OUTCOMES[state],
                reason=str(detail.get("reason", "")),
                details=_facts(step),
            )


def _facts(step: RunStep) -> dict[str, Any]:
    """What the audit keeps of a step: enough to tell who did what with which token, without what came of it."""
    return {
        "step": step.name,
        "kind": step.kind,
        "attempt": step.attempt,
        "state": str(step.state),
        "detail": step.detail,
    }
