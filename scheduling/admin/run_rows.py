"""Runs as rows of a table."""

from collections.abc import Iterable
from datetime import datetime

from identities.admin.pages import address_of
from identities.admin.parts import Badge, Empty, Lines, Link, Moment, Quiet, Table
from identities.admin.wording import tone_of, took
from scheduling.models import RunState, ScheduleRun, Trigger

NO_RUNS = Empty("No runs yet", "Each firing will be listed here, with every step and who acted.", icon="play_circle")


def moment_of(run: ScheduleRun) -> datetime:
    """The instant a run stands for: its occurrence, or when somebody asked for it."""
    return run.scheduled_for or run.requested_at or run.created_at


def state_badge(run: ScheduleRun) -> Badge:
    """A run's state as a badge; one that has begun and is due again waits."""
    word = "waiting" if run.state == RunState.DUE and run.started_at is not None else str(run.state)
    return Badge(word, tone_of(word), run.reason)


def waits_for(run: ScheduleRun) -> object:
    """Why a run that is due has not (or not again) begun, and when it will; empty for any other."""
    if run.state != RunState.DUE:
        return ""
    return Lines(
        [run.reason or "It begins as soon as a worker is free.", Quiet("from"), exact(run.available_at)], row=True
    )


def exact(at: datetime) -> Moment:
    """An instant to the second."""
    return Moment(at, exact=True)


def how_started(run: ScheduleRun) -> str:
    """What made it run."""
    return f"by hand, {run.requested_by}" if run.trigger == Trigger.MANUAL else "by the clock"


def run_table(title: str, runs: Iterable[ScheduleRun], *, more: Link | None = None, empty: Empty = NO_RUNS) -> Table:
    """The runs with their schedule, state, reason and duration."""
    rows = [
        [
            Link(run.schedule.name, address_of(ScheduleRun, run.pk)),
            state_badge(run),
            Lines([Moment(moment_of(run)), Quiet(how_started(run))]),
            took(run.started_at, run.finished_at) or "–",
            run.reason or "–",
        ]
        for run in runs
    ]
    return Table(title, ["Schedule", "State", "When", "Took", "Reason"], rows, empty, more=more)
