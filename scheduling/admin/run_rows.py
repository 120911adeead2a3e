"""Runs as rows of a table."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from identities.admin.pages import address_of
from identities.admin.parts import Badge, Cell, Empty, Lines, Link, Moment, Quiet, Share, Strip, Table
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


#: In one strip every end must differ from every other at a glance, and so must those that still go.
STRIP_TONES = {
    RunState.SUCCEEDED: "good",
    RunState.FAILED: "bad",
    RunState.EXPIRED: "bad",
    RunState.REFUSED: "warn",
    RunState.SKIPPED: "quiet",
    RunState.CANCELLED: "quiet",
}


def run_strip(runs: Sequence[ScheduleRun]) -> Strip:
    """The runs, given newest first, as coloured cells from the oldest to the newest; each leads to its run."""
    cells = [
        Cell(_tone_of(run), f"{moment_of(run):%d %b %Y, %H:%M} UTC: {run.state}", address_of(ScheduleRun, run.pk))
        for run in reversed(runs)
    ]
    counted = Counter((RunState(run.state).label.lower(), _tone_of(run)) for run in runs)
    legend = [Share(word, tone, count) for (word, tone), count in counted.most_common()]
    ends = [f"{moment_of(run):%d %b %Y, %H:%M} UTC" for run in (runs[-1], runs[0])] if runs else ["", ""]
    return Strip(f"Last {len(runs)} runs" if len(runs) > 1 else "Last runs", cells, legend, NO_RUNS, *ends)


def _tone_of(run: ScheduleRun) -> str:
    return STRIP_TONES.get(RunState(run.state), "info")


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
