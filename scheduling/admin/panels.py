"""What scheduling shows on the overview: runs of the last day, what comes next, and what needs a person."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncHour

from identities.admin.pages import address_of, list_of, new_of, page_of
from identities.admin.panels.base import Panel
from identities.admin.parts import Block, Columns, Empty, Figure, Lines, Link, Moment, Quiet, Share, Table, bars
from identities.admin.wording import tone_of
from scheduling import selectors
from scheduling.admin.blocked import banners
from scheduling.admin.run_rows import moment_of, state_badge
from scheduling.admin.schedule_glance import glance
from scheduling.models import RunState, Schedule, ScheduleRun

HOURS = 24
SHOWN = 6
NEEDING = (RunState.FAILED, RunState.REFUSED, RunState.EXPIRED)
SHOWN_STATES = (
    RunState.SUCCEEDED,
    RunState.REFUSED,
    RunState.FAILED,
    RunState.EXPIRED,
    RunState.SKIPPED,
    RunState.CANCELLED,
)
#: In a chart refused and failed must differ at a glance.
CHART_TONES = {RunState.REFUSED: "warn", RunState.FAILED: "bad", RunState.SUCCEEDED: "good"}


class RunsOfTheDay(Panel):
    """Runs of the last 24 hours by outcome, hour by hour."""

    kind = "runs"
    position = 20
    figures_position = 2
    width = 4

    def load(self) -> None:
        self.since = self.at.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
        runs = selectors.runs(self.scope.tenant_ids(self.duty)).filter(created_at__gte=self.since)
        grouped = runs.order_by().annotate(hour=TruncHour("created_at")).values("hour", "state").annotate(n=Count("pk"))
        self.counts: Counter[tuple[datetime, str]] = Counter()
        self.by_state: Counter[str] = Counter()
        for row in grouped:
            self.counts[row["hour"], row["state"]] += row["n"]
            self.by_state[row["state"]] += row["n"]

    def figures(self) -> Sequence[Figure]:
        total, good = self.by_state.total(), self.by_state[RunState.SUCCEEDED]
        ended = sum(self.by_state[state] for state in SHOWN_STATES)
        hint = f"{round(100 * good / ended)} % succeeded" if ended else "none yet"
        bad = sum(self.by_state[state] for state in NEEDING)
        return [
            Figure("Runs in 24 hours", total, list_of(ScheduleRun), hint, icon="play_circle"),
            Figure(
                "Refused or failed",
                bad,
                list_of(ScheduleRun, state="trouble"),
                "in 24 hours",
                "bad" if bad else "quiet",
                "error",
            ),
        ]

    def blocks(self) -> Sequence[Block]:
        hours = [self.since + timedelta(hours=hour) for hour in range(HOURS)]
        states = [state for state in SHOWN_STATES if self.by_state[state]]
        going = sum(self.by_state[state] for state in RunState.open())
        named = {f"{hour:%H}:00": [self._share(hour, state) for state in states] for hour in hours}
        legend = [Share(state.value, _tone(state), self.by_state[state]) for state in states]
        legend += [Share("going", "info", going)] if going else []
        empty = Empty(
            "No runs in the last day", "Runs of the last 24 hours are drawn here, hour by hour (UTC).", icon="bar_chart"
        )
        drawn = bars(named) if self.by_state else []
        return [
            Columns(
                "Runs of the last 24 hours (UTC)", drawn, legend, empty, more=Link("All runs", list_of(ScheduleRun))
            )
        ]

    def _share(self, hour: datetime, state: RunState) -> Share:
        return Share(state.value, _tone(state), self.counts[hour, state])


class Blocked(Panel):
    """Schedules that cannot act as their identity, above everything else."""

    kind = "blocked"
    position = 1

    def load(self) -> None:
        self.found = banners(self.scope)

    def banners(self) -> Sequence[Block]:
        return [self.found]


class NextRuns(Panel):
    """What runs next."""

    kind = "next"
    position = 14
    width = 2

    def load(self) -> None:
        rows = glance(self.scope, self.scope.tenant_ids(self.duty), self.at)
        coming = [row for row in rows if row.next_run_at is not None]
        self.found: list[Schedule] = sorted(coming, key=lambda row: row.next_run_at)[:SHOWN]

    def blocks(self) -> Sequence[Block]:
        rows = [
            [
                Lines([Link(schedule.name, page_of(schedule)), Quiet(schedule.workflow.key)]),
                Moment(schedule.next_run_at),
            ]
            for schedule in self.found
        ]
        action = Link("New schedule", new_of(Schedule)) if self.scope.chosen else None
        empty = Empty("Nothing is planned", "A schedule runs a workflow as a managed identity.", action, "event_repeat")
        return [Table("Next runs", ["Schedule", "When"], rows, empty, more=Link("All schedules", list_of(Schedule)))]


class NeedingAPerson(Panel):
    """Runs that were refused or failed."""

    kind = "needing"
    position = 13
    width = 4

    def load(self) -> None:
        runs: QuerySet[ScheduleRun] = selectors.runs(self.scope.tenant_ids(self.duty))
        since = self.at - timedelta(days=1)
        self.found = list(runs.filter(state__in=NEEDING, created_at__gte=since).order_by("-created_at")[:SHOWN])

    def blocks(self) -> Sequence[Block]:
        rows = [
            [
                Lines([Link(run.schedule.name, address_of(ScheduleRun, run.pk)), Quiet(run.reason)]),
                state_badge(run),
                Moment(moment_of(run)),
            ]
            for run in self.found
        ]
        empty = Empty("Nothing needs you", "No run was refused or failed in the last day.", icon="task_alt")
        more = Link("All of them", list_of(ScheduleRun, state="trouble"))
        return [Table("Runs that need a look", ["Schedule and reason", "State", "When"], rows, empty, more=more)]


def _tone(state: RunState) -> str:
    return CHART_TONES.get(state) or tone_of(state.value)
