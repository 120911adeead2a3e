"""The steps of one run under its lease: what was done before, what is done and not written yet, and a block for the
one that is being done."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from audit import clock
from audit.actors import Actor
from identities.policies.models import AuthorizationDecision
from identities.statements.prepared import insert_many
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
    """The run's rows, read once when the worker takes it, and what was done since the last commit.

    `decisions` are the guard's, to be written with it.
    """

    def __init__(self, lease: ledger.Lease) -> None:
        self.lease = lease
        # Whoever takes a run first finds no step of it.
        rows = steps.steps_of(lease.run) if lease.epoch > 1 else []
        self.of_attempt = {row.name: row for row in rows if row.attempt == lease.run.attempt}
        self.done = {row.name: row for row in rows if row.state == StepState.SUCCEEDED}
        self.decisions: list[AuthorizationDecision] = []
        self._began_at: datetime | None = None
        self._finishes: list[steps.Finish] = []

    @contextmanager
    def step(self, name: str, *, kind: str, sequence: int, actor: Actor, is_inward: bool = False) -> Iterator[OpenStep]:
        """Begin the step and do the block; how it went is written with the run's next commit.

        What `is_inward` leaves nothing outside: it begins in memory, and only what comes after it commits. A Stop or
        Pause takes the step along: whoever ends the run writes both in one transaction. LeaseLost passes through and
        nothing is kept.
        """
        opened = OpenStep(row=self._begin(name, kind, sequence, is_inward=is_inward), actor=actor)
        try:
            yield opened
        except (Stop, Pause) as ending:
            ending.step, ending.actor = opened.row, opened.actor
            opened.row.detail = opened.detail
            raise
        opened.row.output = opened.output
        self._finishes.append(
            steps.Finish(
                step=opened.row,
                state=StepState.SUCCEEDED,
                detail=opened.detail,
                actor=opened.actor,
                at=clock.now(),
                output=opened.output,
                of_run=opened.of_run,
            )
        )

    def work(self, *more: steps.Finish) -> steps.Work:
        """What has been done and is not written, and `more`: for the transaction that moves the run."""
        return steps.Work(began_at=self._began_at, finishes=[*self._finishes, *more], beside=list(self.decisions))

    def broken_off(self, row: RunStep, state: StepState, detail: dict[str, Any], actor: Actor) -> steps.Finish:
        """How a step went that was not carried to its end."""
        return steps.Finish(step=row, state=state, detail=row.detail | detail, actor=actor, at=clock.now())

    def keep_decisions(self) -> None:
        """The run is another worker's: nothing of the work is kept, but what the guard said was said."""
        insert_many(self.decisions)
        self.decisions.clear()

    def _begin(self, name: str, kind: str, sequence: int, *, is_inward: bool) -> RunStep:
        begin = steps.Begin(name=name, kind=kind, sequence=sequence, at=clock.now(), row=self.of_attempt.get(name))
        if self.lease.run.state == RunState.CLAIMED:
            self._began_at = self._began_at or begin.at
        if is_inward:
            return steps.row_of(self.lease.run, begin)
        try:
            row = steps.go_on(self.lease, self.work(), begin)
        except ledger.CancelRequested as asked:
            raise Stop("cancelled", str(asked), state=RunState.CANCELLED) from None
        self._began_at, self._finishes, self.decisions = None, [], []
        return row
