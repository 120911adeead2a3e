"""Tenants take turns: whoever has thousands due delays nobody else, neither in the writing down nor in the queue."""

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from scheduling.models import RunState, ScheduleRun
from scheduling.services import bell, firing
from tests.factories import runs, tokens

pytestmark = pytest.mark.django_db


def ago(seconds: float):
    return timezone.now() - timedelta(seconds=seconds)


def tenants_of(run_ids) -> Counter:
    return Counter(ScheduleRun.objects.filter(id__in=run_ids).values_list("tenant_id", flat=True))


def test_what_is_written_down_first_is_of_every_tenant():
    crowded, quiet = tokens.tenant(), tokens.tenant()
    for _ in range(6):
        runs.schedule(of=crowded, cron_expression="0 0 1 1 *", next_run_at=ago(1))
    late = runs.schedule(of=quiet, cron_expression="0 0 1 1 *", next_run_at=ago(2))
    claim = firing.claim_due(timezone.now(), limit=3)
    assert tenants_of(claim.due) == {crowded.id: 2, quiet.id: 1}
    assert ScheduleRun.objects.filter(schedule=late).exists()


def test_what_is_sent_to_the_queue_first_is_of_every_tenant():
    crowded, quiet = tokens.tenant(), tokens.tenant()
    for _ in range(6):
        runs.run(runs.schedule(of=crowded), available_at=ago(60))
    last = runs.run(runs.schedule(of=quiet), available_at=ago(1))
    rung = bell.take_ringing(timezone.now(), limit=3)
    assert last.id in rung
    assert tenants_of(rung) == {crowded.id: 2, quiet.id: 1}


def test_the_queue_holds_no_more_than_it_may(settings):
    settings.RUNS_HANDED_OVER = 3
    crowded, at = tokens.tenant(), timezone.now()
    for _ in range(5):
        runs.run(runs.schedule(of=crowded), available_at=ago(60))
    first = bell.take_ringing(at)
    assert len(first) == 3
    assert bell.take_ringing(at) == []
    newcomer = runs.run(available_at=at - timedelta(seconds=1))
    ScheduleRun.objects.filter(id=first[0]).update(state=RunState.SUCCEEDED)
    # One place is free: it is the newcomer's, for the crowded tenant has had its turns.
    assert bell.take_ringing(at) == [newcomer.id]


@pytest.mark.parametrize("cap", ["RUNS_PER_TENANT", "RUNS_PER_IDENTITY"])
def test_nothing_is_sent_for_whoever_works_on_as_many_as_they_may(settings, cap):
    setattr(settings, cap, 1)
    crowded = tokens.tenant()
    schedule = runs.schedule(of=crowded)
    held = runs.run(schedule, state=RunState.RUNNING)
    waiting, other = runs.run(schedule), runs.run()
    assert bell.take_ringing(timezone.now()) == [other.id]
    ScheduleRun.objects.filter(id=held.id).update(state=RunState.SUCCEEDED)
    assert bell.take_ringing(timezone.now()) == [waiting.id]


def test_the_clock_at_rest_asks_three_times(django_assert_num_queries):
    at = timezone.now()
    bell.beat("tick", at)
    runs.schedule(next_run_at=at + timedelta(minutes=1))
    with django_assert_num_queries(3):
        assert firing.claim_due(at).due == ()
        assert bell.take_ringing(at) == []
        bell.beat("tick", at)


def test_five_are_claimed_with_as_many_queries_as_one(django_assert_num_queries):
    for _ in range(5):
        runs.schedule(cron_expression="0 0 1 1 *", next_run_at=ago(1))
    with django_assert_num_queries(8):
        assert len(firing.claim_due(timezone.now()).due) == 5
