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
    """The run's rows, read once when the worker takes it, and the one that has ended but is not written yet."""

    def __init__(self, lease: ledger.Lease) -> None:
        self.lease = lease
        rows = steps.steps_of(lease.run)
        self.of_attempt = {row.name: row for row in rows if row.attempt == lease.run.attempt}
        self.done = {row.name: row for row in rows if row.state == StepState.SUCCEEDED}
        self._ended: steps.Finish | None = None

    @contextmanager
    def step(self, name: str, *, kind: str, sequence: int, actor: Actor) -> Iterator[OpenStep]:
        """Begin the step and do the block; how it went is written with the beginning of the next one, or by `settle`.

        A Stop or Pause takes the step along: whoever ends the run writes both in one transaction. LeaseLost passes
        through and nothing is kept.
        """
        opened = OpenStep(row=self._begin(name, kind, sequence), actor=actor)
        try:
            yield opened
        except (Stop, Pause) as ending:
            ending.step, ending.actor = opened.row, opened.actor
            opened.row.detail = opened.detail
            raise
        opened.row.output = opened.output
        self._ended = steps.Finish(
            step=opened.row,
            state=StepState.SUCCEEDED,
            detail=opened.detail,
            actor=opened.actor,
            at=timezone.now(),
            output=opened.output,
            of_run=opened.of_run,
        )

    def settle(self, *more: steps.Finish) -> None:
        """Write what has ended and `more`, inside the transaction that moves the run."""
        finishes = [self._ended, *more] if self._ended else [*more]
        if finishes:
            steps.write(self.lease, *finishes)

    def broken_off(self, row: RunStep, state: StepState, detail: dict[str, Any], actor: Actor) -> steps.Finish:
        """How a step went that was not carried to its end."""
        return steps.Finish(step=row, state=state, detail=row.detail | detail, actor=actor, at=timezone.now())

    def _begin(self, name: str, kind: str, sequence: int) -> RunStep:
        begin = steps.Begin(name=name, kind=kind, sequence=sequence, at=timezone.now(), row=self.of_attempt.get(name))
        try:
            row = steps.go_on(self.lease, self._ended, begin)
        except ledger.CancelRequested as asked:
            raise Stop("cancelled", str(asked), state=RunState.CANCELLED) from None
        self._ended = None
        return row
