"""The rows of a run's steps and the records of how they went, as they are written with the next move of the run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models

from audit import context, services as audit
from audit.actors import Actor
from audit.events import Outcome
from audit.models import AuditEvent
from identities.statements.rows import update_where
from scheduling.events import RunEvent
from scheduling.models import RunStep, ScheduleRun, StepState

OUTCOMES = {
    StepState.SUCCEEDED: Outcome.SUCCESS,
    StepState.WAITING: Outcome.SUCCESS,
    StepState.SKIPPED: Outcome.SUCCESS,
    StepState.FAILED: Outcome.FAILURE,
    StepState.REFUSED: Outcome.DENIED,
}


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
class Work:
    """What a worker has done and not written yet; it is written with the run's next move, or never.

    `began_at` is when its first step began, while the run is only claimed; `beside` are rows of others that belong to
    it (decisions of the guard).
    """

    began_at: datetime | None = None
    finishes: Sequence[Finish] = ()
    beside: Sequence[models.Model] = ()

    @property
    def of_run(self) -> dict[str, Any]:
        return {name: value for finish in self.finishes for name, value in finish.of_run.items()}


NOTHING = Work()


def write_known(work: Work) -> None:
    """The steps that have a row already, brought up to date."""
    for finish in work.finishes:
        step = finish.step
        step.state, step.detail, step.output = finish.state, finish.detail, finish.output
        step.finished_at = None if finish.state == StepState.WAITING else finish.at
        if not step._state.adding:  # noqa: SLF001 - whether the row is there
            update(step, state=step.state, detail=step.detail, output=step.output, finished_at=step.finished_at)


def update(step: RunStep, **values: Any) -> None:
    """Write these columns of one attempt at one step."""
    update_where(RunStep, values, run_id=step.run_id, name=step.name, attempt=step.attempt)


def new_rows(run: ScheduleRun, work: Work) -> list[models.Model]:
    """What is to be inserted: steps that have no row yet, what belongs beside them, and a record of each step."""
    steps = [finish.step for finish in work.finishes if finish.step._state.adding]  # noqa: SLF001 - as above
    return [*steps, *work.beside, *(_event(run, finish) for finish in work.finishes)]


def _event(run: ScheduleRun, finish: Finish) -> AuditEvent:
    """What the audit keeps of a step: enough to tell who did what with which token, without what came of it."""
    step = finish.step
    with context.bound(correlation_id=run.correlation_id, run_id=run.id):
        return audit.compose(
            RunEvent.STEP_FINISHED,
            actor=finish.actor,
            subject=run.subject,
            outcome=OUTCOMES[finish.state],
            reason=str(finish.detail.get("reason", "")),
            details={
                "step": step.name,
                "kind": step.kind,
                "attempt": step.attempt,
                "state": str(step.state),
                "detail": step.detail,
            },
        )
