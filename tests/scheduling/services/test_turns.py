"""Whose turn it is: overlap within a schedule, caps over a tenant and an identity."""

from datetime import timedelta

import pytest
from django.utils import timezone

from scheduling.models import RunState, ScheduleRun
from scheduling.services import ledger, limits
from tests.factories import runs

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def try_to_take(run: ScheduleRun) -> bool:
    return ledger.claim_run(run.id, worker="w1", at=timezone.now()) is not None


def ago(minutes: int):
    return timezone.now() - timedelta(minutes=minutes)


@pytest.mark.parametrize("policy", ["skip", "queue_one", "cancel_previous"])
@pytest.mark.parametrize("trigger", ["schedule", "manual"])
def test_a_run_waits_for_one_of_its_schedule_that_has_begun(policy, trigger):
    schedule = runs.schedule(overlap_policy=policy)
    first = runs.run(schedule, trigger=trigger, state=RunState.RUNNING, started_at=ago(1))
    second = runs.run(schedule)
    assert not try_to_take(second)
    second.refresh_from_db()
    assert second.state == RunState.DUE
    assert second.available_at > timezone.now()
    assert second.available_at <= timezone.now() + limits.TURN
    ScheduleRun.objects.filter(id=first.id).update(state=RunState.SUCCEEDED)
    ScheduleRun.objects.filter(id=second.id).update(available_at=ago(0))
    assert try_to_take(second)


def test_caught_up_runs_go_one_after_the_other_oldest_first():
    schedule = runs.schedule()
    older = runs.run(schedule, scheduled_for=ago(2))
    newer = runs.run(schedule, scheduled_for=ago(1))
    assert not try_to_take(newer)
    assert try_to_take(older)


def test_a_run_in_its_backoff_still_holds_the_next_one_up():
    schedule = runs.schedule()
    runs.run(schedule, scheduled_for=ago(2), started_at=ago(2), available_at=timezone.now() + timedelta(hours=1))
    assert not try_to_take(runs.run(schedule))


def test_a_run_that_began_waits_for_none():
    schedule = runs.schedule()
    runs.run(schedule, scheduled_for=ago(3), state=RunState.RUNNING, started_at=ago(3))
    assert try_to_take(runs.run(schedule, scheduled_for=ago(2), started_at=ago(2)))


def test_a_run_by_hand_waits_for_no_overlap():
    schedule = runs.schedule()
    runs.run(schedule, state=RunState.RUNNING, started_at=ago(1))
    assert try_to_take(runs.run(schedule, trigger="manual"))


def test_allow_lets_as_many_begin_as_it_says():
    schedule = runs.schedule(overlap_policy="allow", overlap_limit=2)
    runs.run(schedule, scheduled_for=ago(3), state=RunState.RUNNING, started_at=ago(3))
    second, third = runs.run(schedule, scheduled_for=ago(2)), runs.run(schedule, scheduled_for=ago(1))
    assert try_to_take(second)
    assert not try_to_take(third)


def test_allow_without_a_limit_has_none():
    schedule = runs.schedule(overlap_policy="allow")
    for minutes in range(1, 6):
        assert try_to_take(runs.run(schedule, scheduled_for=ago(minutes)))


@pytest.mark.parametrize("trigger", ["schedule", "manual"])
def test_a_tenant_has_so_many_runs_at_once(settings, trigger):
    settings.RUNS_PER_TENANT = 1
    busy = runs.run(state=RunState.CLAIMED)
    same = runs.run(runs.schedule(of=busy.tenant), trigger=trigger)
    assert not try_to_take(same)
    assert try_to_take(runs.run())


def test_an_identity_has_so_many_runs_at_once(settings):
    settings.RUNS_PER_IDENTITY = 1
    busy = runs.run(state=RunState.RUNNING)
    same = runs.schedule(of=busy.tenant, managed_identity_id=busy.identity_id)
    assert not try_to_take(runs.run(same))
    assert try_to_take(runs.run(runs.schedule(of=busy.tenant)))
