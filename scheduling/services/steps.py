"""The steps of a run, written under its lease: a step that leaves something outside begins in the database first."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from identities.statements.rows import insert_rows
from scheduling.models import RunState, RunStep, ScheduleRun, StepState
from scheduling.services import ledger, step_rows
from scheduling.services.step_rows import NOTHING, Finish, Work

__all__ = ["NOTHING", "Begin", "Finish", "Work", "go_on", "row_of", "steps_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """Which step is tried next. `row` is this attempt's row when it was begun before (a lost worker, a wait): it is
    opened again and keeps its start."""

    name: str
    kind: str
    sequence: int
    at: datetime
    row: RunStep | None = None


def steps_of(run: ScheduleRun) -> list[RunStep]:
    """Every attempt at every step so far, oldest first."""
    return list(RunStep.objects.filter(run=run).order_by("sequence", "attempt"))


def row_of(run: ScheduleRun, begin: Begin) -> RunStep:
    """The row of a step that begins, not written yet."""
    if begin.row is not None:
        begin.row.state, begin.row.finished_at = StepState.RUNNING, None
        return begin.row
    return RunStep(
        run_id=run.pk,
        name=begin.name,
        kind=begin.kind,
        sequence=begin.sequence,
        attempt=run.attempt,
        started_at=begin.at,
    )


def go_on(lease: ledger.Lease, work: Work, begin: Begin) -> RunStep:
    """Write what was done so far and that the next step is being tried, in one transaction; the run runs from here.

    Raises LeaseLost; CancelRequested when the run is to end before the next step: then nothing of it is written.
    """
    with transaction.atomic():
        ledger.hold(lease)
        started = ledger.run_on(lease, work, at=begin.at)
        step_rows.write_known(work)
        row = row_of(lease.run, begin)
        if not row._state.adding:  # noqa: SLF001 - it was begun before
            step_rows.update(row, state=row.state, finished_at=None)
        fresh = [row] if row._state.adding else []  # noqa: SLF001 - it is inserted with the rest
        if rows := [*started, *step_rows.new_rows(lease.run, work), *fresh]:
            insert_rows(*rows)
    lease.run.state = RunState.RUNNING
    return row
