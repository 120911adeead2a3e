"""The steps of one run under its lease: what was done before, and a block for the one that is being done."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from audit.actors import Actor
from scheduling.models import RunState, RunStep, StepState
from scheduling.runner.endings import Pause, Stop
from scheduling.services import ledger, steps


@dataclass
class OpenStep:
    """What the block puts together; written when it ends. `of_run` goes to the run's own row."""

    row: RunStep
    actor: Actor
    detail: dict[str, Any] = field(default_factory=dict)
    output: Any = None
    of_run: dict[str, Any] = field(default_factory=dict)


class Steps:
    """The run's rows, read once when the worker takes it."""

    def __init__(self, lease: ledger.Lease) -> None:
        self.lease = lease
        rows = steps.steps_of(lease.run)
        self.of_attempt = {row.name: row for row in rows if row.attempt == lease.run.attempt}
        self.done = {row.name: row for row in rows if row.state == StepState.SUCCEEDED}

    @contextmanager
    def step(self, name: str, *, kind: str, sequence: int, actor: Actor) -> Iterator[OpenStep]:
        """Begin the step, do the block, write how it went. A Stop or Pause takes the step along: whoever ends the run
        writes both in one transaction. LeaseLost passes through and nothing is kept."""
        try:
            row = steps.begin(
                self.lease, self.of_attempt.get(name), name=name, kind=kind, sequence=sequence, at=timezone.now()
            )
        except ledger.CancelRequested as asked:
            raise Stop("cancelled", str(asked), state=RunState.CANCELLED) from None
        opened = OpenStep(row=row, actor=actor)
        try:
            yield opened
        except (Stop, Pause) as ending:
            ending.step, ending.actor = row, opened.actor
            row.detail = opened.detail
            raise
        steps.finish(
            self.lease,
            row,
            state=StepState.SUCCEEDED,
            detail=opened.detail,
            actor=opened.actor,
            at=timezone.now(),
            output=opened.output,
            of_run=opened.of_run,
        )

    def break_off(self, row: RunStep, state: StepState, detail: dict[str, Any], actor: Actor) -> None:
        """Write how a step went that was not carried to its end."""
        steps.finish(self.lease, row, state=state, detail=row.detail | detail, actor=actor, at=timezone.now())
