"""The rows of a run's steps, written under its lease: a step begins, and ends with a record in the actor's name."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from audit import context, services as audit
from audit.actors import Actor
from audit.events import Outcome
from scheduling.events import RunEvent
from scheduling.models import RunState, RunStep, ScheduleRun, StepState
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """How a step went. `detail` and `output` are JSON without secrets; `of_run` goes to the run's own row."""

    step: RunStep
    state: StepState
    detail: dict[str, Any]
    actor: Actor
    at: datetime
    output: Any = None
    of_run: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """Which step is tried next. `row` is this attempt's row when it was begun before (a lost worker, a wait): it is
    opened again and keeps its start."""

    name: str
    kind: str
    sequence: int
    at: datetime
    row: RunStep | None = None


def go_on(lease: ledger.Lease, finish: Finish | None, begin: Begin) -> RunStep:
    """Write how the last step went and that the next one is being tried, in one transaction.

    Nothing lies between the two, so one commit is enough for both. Raises LeaseLost; CancelRequested when the run is
    to end before the next step: then neither is written.
    """
    with transaction.atomic():
        if lease.run.state == RunState.CLAIMED:
            ledger.start_run(lease, at=begin.at)
        ledger.hold(lease)
        if finish is not None:
            _write(lease, finish)
        if begin.row is None:
            return RunStep.objects.create(
                run=lease.run,
                name=begin.name,
                kind=begin.kind,
                sequence=begin.sequence,
                attempt=lease.run.attempt,
                started_at=begin.at,
            )
        begin.row.state, begin.row.finished_at = StepState.RUNNING, None
        begin.row.save(update_fields=["state", "finished_at"])
    return begin.row


def write(lease: ledger.Lease, *finishes: Finish) -> None:
    """Write how steps went, at the end of a run's work. LeaseLost when the run has another worker: nothing is kept."""
    with transaction.atomic():
        ledger.fence(lease)
        for finish in finishes:
            _write(lease, finish)


def _write(lease: ledger.Lease, finish: Finish) -> None:
    step = finish.step
    step.state, step.detail, step.output = finish.state, finish.detail, finish.output
    step.finished_at = None if finish.state == StepState.WAITING else finish.at
    step.save(update_fields=["state", "detail", "output", "finished_at"])
    if finish.of_run:
        ScheduleRun.objects.filter(id=lease.run.id).update(**finish.of_run)
    with context.bound(correlation_id=lease.run.correlation_id, run_id=lease.run.id):
        audit.record(
            RunEvent.STEP_FINISHED,
            actor=finish.actor,
            subject=lease.run.subject,
            outcome=OUTCOMES[finish.state],
            reason=str(finish.detail.get("reason", "")),
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
