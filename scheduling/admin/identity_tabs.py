"""The tabs that scheduling adds to an identity's page: its schedules and its runs."""

from collections.abc import Sequence

from django.utils import timezone

from identities.admin.pages import list_of, page_of
from identities.admin.parts import Badge, Block, Empty, Link, Moment, Table
from identities.admin.tabs.base import IdentityTab
from scheduling import selectors
from scheduling.admin.blocked import banners
from scheduling.admin.preflight_blocks import identity_notice, more_notices
from scheduling.admin.run_rows import run_table
from scheduling.calendar import in_words
from scheduling.models import ScheduleRun
from scheduling.preflight import selectors as preflights
from scheduling.preflight.services import problems_of

SHOWN, NOTICED = 25, 2


class SchedulesTab(IdentityTab):
    """The schedules that run as it."""

    kind = "schedules"
    label = "Schedules"
    position = 40

    def blocks(self) -> Sequence[Block]:
        found = selectors.schedules_of_identity(self.identity.pk).filter(tenant_id=self.identity.tenant_id)
        rows = [
            [
                Link(schedule.name, page_of(schedule)),
                Badge("on", "good") if schedule.is_enabled else Badge("paused", "warn"),
                schedule.workflow.key,
                f"{in_words(schedule.cron_expression)} ({schedule.timezone})",
                Moment(schedule.next_run_at, "not while paused"),
            ]
            for schedule in found[:SHOWN]
        ]
        empty = Empty("No schedule runs as this identity", "Make a schedule and choose it there.", icon="event_repeat")
        return [Table("Schedules", ["Schedule", "State", "Workflow", "When", "Next run"], rows, empty)]

    def notices(self) -> Sequence[Block]:
        """What would fail in the next 7 days because of it."""
        at = timezone.now()
        found = [
            (row.schedule, problem)
            for row in preflights.concerning([self.identity.pk]).filter(schedule__tenant_id=self.identity.tenant_id)
            for problem in problems_of(row)
            if (problem.identity_id or row.schedule.managed_identity_id) == self.identity.pk
        ]
        return [identity_notice(*each, self.scope, at) for each in found[:NOTICED]] + more_notices(found[NOTICED:])


class RunsTab(IdentityTab):
    """The runs that ran as it."""

    kind = "runs"
    label = "Runs"
    position = 50

    def blocks(self) -> Sequence[Block]:
        tenant = {self.identity.tenant_id}
        found = selectors.runs(tenant).filter(identity_id=self.identity.pk).order_by("-created_at")
        more = Link("All of its runs", list_of(ScheduleRun, q=str(self.identity.pk)))
        return [run_table("Runs as this identity", found[:SHOWN], more=more)]

    def notices(self) -> Sequence[Block]:
        """S0-03: a run that ended for a reason of identity, secret or token is seen here at once."""
        return [banners(self.scope, identity=self.identity.pk)]
