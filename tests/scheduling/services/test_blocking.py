"""A schedule whose runs cannot act as their identity says so until one succeeds."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor
from scheduling.models import RunState, Schedule
from scheduling.services import blocking, ledger
from tests.factories import runs, tokens

pytestmark = pytest.mark.django_db

BOT = Actor.system("tests")
FAILED = ledger.End(state=RunState.FAILED, code="mint_refused", reason="No token", cause="mint_refused")
SUCCEEDED = ledger.End(state=RunState.SUCCEEDED)


def end(schedule, end, *, at):
    run = runs.run(schedule, scheduled_for=at, available_at=at)
    lease = ledger.claim_run(run.id, worker="w1", at=at)
    assert lease is not None
    ledger.start_run(lease, at=at)
    ledger.finish_run(lease, end, actor=BOT, at=at)
    schedule.refresh_from_db()
    return run


def counted(cause):
    return blocking.FAILURES.labels(cause)._value.get()


@pytest.mark.parametrize(
    "harmless",
    [
        ledger.End(state=RunState.FAILED, code="node_failed", reason="The other side said 500"),
        ledger.End(state=RunState.REFUSED, code="authorization_denied", reason="No", status=403),
        SUCCEEDED,
    ],
)
def test_an_end_that_says_nothing_of_credentials_blocks_nothing(harmless):
    schedule = runs.schedule()
    end(schedule, harmless, at=timezone.now())
    assert schedule.blocked_since is None
    assert not blocking.blocked({schedule.tenant_id}).exists()


def test_a_credential_failure_blocks_and_the_next_keeps_the_beginning():
    schedule, at = runs.schedule(), timezone.now()
    end(schedule, FAILED, at=at)
    last = end(schedule, FAILED, at=at + timedelta(minutes=1))
    assert schedule.blocked_since == at
    assert (schedule.blocked_code, schedule.blocked_reason) == ("mint_refused", "No token")
    assert schedule.blocked_run_id == last.id


def test_another_failure_does_not_clear_it_and_a_success_does():
    schedule, at = runs.schedule(), timezone.now()
    end(schedule, FAILED, at=at)
    end(schedule, ledger.End(state=RunState.FAILED, code="node_failed"), at=at + timedelta(minutes=1))
    assert schedule.blocked_since == at
    end(schedule, SUCCEEDED, at=at + timedelta(minutes=2))
    cleared = Schedule.objects.get(pk=schedule.pk)
    assert cleared.blocked_since is None
    assert cleared.blocked_code == ""
    assert cleared.blocked_run_id is None


def test_each_failure_is_counted_once_it_is_written(django_capture_on_commit_callbacks):
    before = counted("mint_refused")
    with django_capture_on_commit_callbacks(execute=True):
        end(runs.schedule(), FAILED, at=timezone.now())
    assert counted("mint_refused") == before + 1


def test_only_schedules_of_the_tenants_asked_for_and_not_deleted_ones_are_named():
    ours, theirs = runs.schedule(), runs.schedule(of=tokens.tenant())
    gone = runs.schedule(of=ours.tenant)
    for schedule in (ours, theirs, gone):
        end(schedule, FAILED, at=timezone.now())
    Schedule.objects.filter(pk=gone.pk).update(deleted_at=timezone.now(), next_run_at=None)
    assert [row.pk for row in blocking.blocked({ours.tenant_id})] == [ours.pk]
    assert {row.pk for row in blocking.blocked(None)} == {ours.pk, theirs.pk}
