"""The tabs that scheduling adds to an identity's page: its schedules and its runs."""

from collections.abc import Sequence

from identities.admin.pages import address_of, list_of, page_of
from identities.admin.parts import Badge, Block, Empty, Link, Moment, Notice, Table
from identities.admin.tabs.base import IdentityTab
from scheduling import selectors
from scheduling.admin.run_rows import moment_of, run_table
from scheduling.calendar import in_words
from scheduling.models import RunState, ScheduleRun
from scheduling.runner.endings import CREDENTIAL_CAUSES

SHOWN = 25


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
        ended = ScheduleRun.objects.filter(identity_id=self.identity.pk, tenant_id=self.identity.tenant_id)
        last = ended.exclude(state__in=RunState.open()).select_related("schedule").order_by("-created_at").first()
        if last is None or last.code not in CREDENTIAL_CAUSES:
            return ()
        return [credential_notice(last)]


def credential_notice(run: ScheduleRun) -> Notice:
    """The last run could not act as its identity: say so, and why."""
    action = Link("Open the run", address_of(ScheduleRun, run.pk))
    text = f"{run.reason}. Schedule {run.schedule.name}, {moment_of(run):%d %b %H:%M} UTC."
    return Notice("The last run could not act as its identity.", text, "bad", "key_off", action)
