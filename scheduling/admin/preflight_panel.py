"""What would fail in the next 7 days, on the overview: one query, the same as for what runs next."""

from collections.abc import Sequence
from typing import Any

from identities.admin.pages import list_of, page_of
from identities.admin.panels.base import Panel
from identities.admin.parts import Block, Empty, Lines, Link, Moment, Quiet, Table
from scheduling.admin.preflight_blocks import problem_lines
from scheduling.admin.schedule_glance import SHOWN, glance
from scheduling.models import Schedule
from scheduling.preflight.services import problems_of

FIRST = 9


class WouldFail(Panel):
    """Schedules of which a preflight says that a run of the next 7 days would fail, the nearest first."""

    kind = "would-fail"
    position = 12
    width = 6

    def load(self) -> None:
        self.seen = glance(self.scope, self.scope.tenant_ids(self.duty), self.at)
        self.found: list[Any] = [row for row in self.seen if not row.rank][:SHOWN]
        if self.failing:
            # What a person can still prevent stands before what is only to be known.
            self.position = FIRST

    @property
    def failing(self) -> int:
        return int(self.seen[0].failing) if self.seen else 0

    def blocks(self) -> Sequence[Block]:
        rows = [self._row(schedule) for schedule in self.found]
        more = Link("All of them", list_of(Schedule, state="would-fail")) if self.failing else None
        headers = ["Schedule", "First to fail", "Why, and what mends it"]
        return [Table("Would fail in the next 7 days", headers, rows, self._empty(), more=more)]

    def _row(self, schedule: Any) -> list[object]:
        problems = problems_of(schedule.preflight)
        name = Lines([Link(schedule.name, page_of(schedule)), Quiet(schedule.workflow.key)])
        return [name, Moment(problems[0].at, "at each run"), problem_lines(schedule, problems, self.scope)]

    def _empty(self) -> Empty:
        due, untried = (self.seen[0].due, self.seen[0].untried) if self.seen else (0, 0)
        if not due:
            text = "What is due is tried each day, without effect."
            return Empty("Nothing is due in the next 7 days", text, icon="event_busy")
        if untried:
            title = f"{untried} of {due} schedules due in the next 7 days are not tried yet"
            return Empty(title, "They are tried within the hour, without effect.", icon="hourglass_top")
        named = f"All {due} schedules" if due > 1 else "The one schedule"
        title = f"{named} due in the next 7 days would run"
        return Empty(title, "Each is tried every day, without effect.", icon="task_alt")
