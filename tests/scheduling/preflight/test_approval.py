"""What waits for approval is said before its runs are refused."""

from datetime import timedelta

from identities.inventory.portrait.base import digest
from scheduling.models import Schedule
from scheduling.preflight.problems import Mend
from scheduling.services import approving


def test_what_waits_is_said_with_its_first_run(night):
    schedule = night.nightly()
    Schedule.objects.filter(pk=schedule.pk).update(approval_state="pending")
    [problem] = night.problems(schedule)
    assert (problem.code, problem.mend) == ("approval_pending", Mend.APPROVE_SCHEDULE)
    assert approving.WAITS in problem.text


def test_what_runs_on_for_a_while_stops_at_the_first_run_after_that(night):
    schedule = night.nightly()
    until = night.at + timedelta(days=3)
    same = digest(approving.content_of(night.fresh(schedule)))
    Schedule.objects.filter(pk=schedule.pk).update(approval_state="pending", approved_hash=same, approval_by=until)
    [problem] = night.problems(schedule)
    assert until <= problem.at < until + timedelta(days=1)


def test_what_is_approved_has_nothing_against_it(night):
    schedule = night.nightly()
    same = digest(approving.content_of(night.fresh(schedule)))
    Schedule.objects.filter(pk=schedule.pk).update(approval_state="approved", approved_hash=same)
    assert night.codes(schedule) == []
