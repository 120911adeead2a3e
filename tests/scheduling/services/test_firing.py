"""Occurrences become runs: each exactly once, by however many clocks."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

from audit.models import AuditEvent
from scheduling.models import RunState, Schedule, ScheduleRun
from scheduling.services import firing
from tests.factories import runs
from tests.factories.runs import NOON
from tests.scheduling.racing import race

pytestmark = pytest.mark.django_db


def states(schedule: Schedule) -> list[tuple[datetime | None, str, str]]:
    rows = ScheduleRun.objects.filter(schedule=schedule).order_by("scheduled_for")
    return list(rows.values_list("scheduled_for", "state", "code"))


@pytest.mark.parametrize(
    "facts",
    [
        {"next_run_at": NOON + timedelta(seconds=1)},
        {"next_run_at": None},
        {"next_run_at": None, "is_enabled": False},
        {"next_run_at": None, "deleted_at": NOON},
    ],
)
def test_what_is_not_due_is_left_alone(facts):
    schedule = runs.schedule(**facts)
    assert firing.claim_due(NOON) == firing.Claim()
    assert states(schedule) == []


def test_an_occurrence_becomes_a_run_bound_to_what_the_schedule_was():
    schedule = runs.schedule(
        timezone="Europe/Berlin",
        input_data={"month": "{{schedule.triggerMonth}}", "time": "{{schedule.triggerTime}}"},
    )
    claim = firing.claim_due(NOON + timedelta(seconds=2))
    run = ScheduleRun.objects.get(schedule=schedule)
    assert claim.due == (run.id,)
    assert (run.state, run.scheduled_for, run.available_at) == (RunState.DUE, NOON, NOON)
    assert run.input_data == {"month": "2026-03", "time": "13:00"}
    assert (run.workflow_key, run.workflow_version) == (schedule.workflow.key, 1)
    assert (run.identity_id, run.secret_reference) == (schedule.managed_identity_id, schedule.secret_reference)
    schedule.refresh_from_db()
    assert schedule.next_run_at == NOON + timedelta(minutes=1)


def test_a_run_that_becomes_due_is_recorded_as_the_schedulers_doing():
    schedule = runs.schedule()
    firing.claim_due(NOON)
    run = ScheduleRun.objects.get(schedule=schedule)
    event = AuditEvent.objects.get(type="run.due")
    assert (event.actor_kind, event.actor_id) == ("system", "scheduler")
    assert (event.subject_id, event.run_id, event.correlation_id) == (str(run.id), run.id, run.correlation_id)
    assert event.tenant_id == schedule.tenant_id


def test_a_second_look_finds_nothing():
    schedule = runs.schedule()
    firing.claim_due(NOON)
    assert firing.claim_due(NOON).due == ()
    assert len(states(schedule)) == 1


def test_an_occurrence_that_has_a_row_keeps_it_when_the_clock_is_set_back():
    schedule = runs.schedule(overlap_policy="allow")
    firing.claim_due(NOON)
    Schedule.objects.filter(id=schedule.id).update(next_run_at=NOON)
    assert firing.claim_due(NOON + timedelta(seconds=1)).due == ()
    assert len(states(schedule)) == 1


def test_the_database_itself_refuses_a_second_row_for_an_occurrence():
    schedule = runs.schedule()
    runs.run(schedule, scheduled_for=NOON)
    with pytest.raises(IntegrityError), transaction.atomic():
        runs.run(schedule, scheduled_for=NOON)


def test_jitter_delays_the_start_alike_each_time_and_not_the_occurrence():
    schedule = runs.schedule(id=UUID(int=7), jitter_seconds=300, overlap_policy="allow")
    firing.claim_due(NOON)
    firing.claim_due(NOON + timedelta(minutes=1))
    first, second = ScheduleRun.objects.filter(schedule=schedule).order_by("scheduled_for")
    assert (first.scheduled_for, second.scheduled_for) == (NOON, NOON + timedelta(minutes=1))
    delay = first.available_at - NOON
    assert timedelta() < delay <= timedelta(seconds=300)
    assert second.available_at - (NOON + timedelta(minutes=1)) == delay


def test_after_an_outage_one_run_stands_for_all_and_every_missed_one_has_a_row():
    schedule = runs.schedule(misfire_policy="run_once")
    firing.claim_due(NOON + timedelta(minutes=30))
    found = states(schedule)
    assert [state for _, state, _ in found] == ["skipped"] * 30 + ["due"]
    assert {code for _, state, code in found if state == "skipped"} == {"misfire"}
    assert AuditEvent.objects.filter(type="run.skipped").count() == 30


def test_skip_runs_none_of_what_was_missed():
    schedule = runs.schedule(cron_expression="0 * * * *", misfire_policy="skip")
    firing.claim_due(NOON + timedelta(minutes=30))
    assert [state for _, state, _ in states(schedule)] == ["skipped"]


def test_run_all_runs_each_up_to_a_hundred():
    schedule = runs.schedule(misfire_policy="run_all", overlap_policy="allow")
    firing.claim_due(NOON + timedelta(minutes=120))
    found = [state for _, state, _ in states(schedule)]
    assert found == ["skipped"] * 21 + ["due"] * 100


def test_a_week_of_outage_is_worked_off_over_several_ticks():
    schedule = runs.schedule(next_run_at=NOON - timedelta(minutes=1999))
    for _ in range(11):
        firing.claim_due(NOON)
    found = [state for _, state, _ in states(schedule)]
    assert found == ["skipped"] * 1999 + ["due"]
    schedule.refresh_from_db()
    assert schedule.next_run_at == NOON + timedelta(minutes=1)


def test_an_occurrence_during_an_open_run_is_skipped_with_a_row():
    schedule = runs.schedule()
    runs.run(schedule, scheduled_for=NOON - timedelta(minutes=1), state=RunState.RUNNING)
    firing.claim_due(NOON)
    assert states(schedule)[-1] == (NOON, "skipped", "overlap")


def test_a_run_by_hand_takes_no_occurrence_away():
    schedule = runs.schedule()
    runs.run(schedule, trigger="manual", state=RunState.RUNNING)
    assert len(firing.claim_due(NOON).due) == 1


def test_queue_one_lets_one_wait_and_skips_the_next():
    schedule = runs.schedule(overlap_policy="queue_one")
    runs.run(
        schedule, scheduled_for=NOON - timedelta(minutes=1), state=RunState.RUNNING, started_at=NOON, lease_epoch=1
    )
    firing.claim_due(NOON)
    firing.claim_due(NOON + timedelta(minutes=1))
    assert [state for _, state, _ in states(schedule)] == ["running", "due", "skipped"]


def test_cancel_previous_ends_what_waits_and_asks_what_runs_to_stop():
    schedule = runs.schedule(overlap_policy="cancel_previous")
    running = runs.run(schedule, scheduled_for=NOON - timedelta(minutes=2), state=RunState.RUNNING)
    waiting = runs.run(schedule, scheduled_for=NOON - timedelta(minutes=1))
    firing.claim_due(NOON)
    running.refresh_from_db()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.code) == (RunState.CANCELLED, "cancelled")
    assert running.state == RunState.RUNNING
    assert running.cancel_requested_at == NOON
    assert states(schedule)[-1] == (NOON, "due", "")
    assert AuditEvent.objects.filter(type="run.cancelled", subject_id=str(waiting.id)).count() == 1


def test_what_comes_in_time_goes_before_what_an_outage_left(monkeypatch):
    monkeypatch.setattr(firing, "MOST_ROWS", 1)
    left_over = runs.schedule(next_run_at=NOON - timedelta(days=1))
    in_time = runs.schedule()
    firing.claim_due(NOON)
    assert (len(states(in_time)), len(states(left_over))) == (1, 0)
    firing.claim_due(NOON)
    assert len(states(left_over)) > 0


def test_one_broken_schedule_holds_up_no_other():
    broken = runs.schedule(timezone="Atlantis/Capital")
    sound = runs.schedule()
    claim = firing.claim_due(NOON)
    assert (len(claim.due), claim.broken) == (1, 1)
    assert states(broken) == []
    assert len(states(sound)) == 1


def test_a_schedule_without_a_next_time_rests():
    schedule = runs.schedule(cron_expression="0 12 29 2 *", next_run_at=datetime(2096, 2, 29, 12, tzinfo=UTC))
    firing.claim_due(datetime(2096, 2, 29, 12, tzinfo=UTC))
    schedule.refresh_from_db()
    assert schedule.next_run_at is None or schedule.next_run_at.year == 2104


def test_claiming_one_occurrence_costs_so_many_queries(django_assert_num_queries):
    runs.schedule()
    with django_assert_num_queries(8):
        firing.claim_due(NOON)


@pytest.mark.django_db(transaction=True)
def test_twenty_clocks_at_once_make_one_run_of_each_occurrence():
    schedules = [runs.schedule() for _ in range(5)]
    moments = [NOON + timedelta(minutes=minute) for minute in (0, 0, 1, 1)]
    race(20, lambda number: firing.claim_due(moments[number % len(moments)]))
    firing.claim_due(NOON + timedelta(minutes=1))
    for schedule in schedules:
        assert [moment for moment, _, _ in states(schedule)] == [NOON, NOON + timedelta(minutes=1)]
    events = AuditEvent.objects.filter(type__in=["run.due", "run.skipped"])
    assert events.count() == 10
