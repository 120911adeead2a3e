"""Every move of a run: by compare-and-set, under a lease, with its record."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from scheduling.models import RunState, RunStep, ScheduleRun, StepState
from scheduling.services import ledger, limits, steps
from scheduling.services.start_lag import START_LAG
from tests.factories import runs
from tests.scheduling.racing import race

pytestmark = pytest.mark.django_db

BOT = Actor.system("tests")


def taken(run: ScheduleRun | None = None, *, start: bool = True) -> ledger.Lease:
    lease = ledger.claim_run((run or runs.run()).id, worker="w1", at=timezone.now())
    assert lease is not None
    if start:
        ledger.start_run(lease, at=timezone.now())
    return lease


def events(run: ScheduleRun) -> list[str]:
    return list(AuditEvent.objects.filter(subject_id=str(run.id)).order_by("id").values_list("type", flat=True))


def fresh(lease: ledger.Lease) -> ScheduleRun:
    return ScheduleRun.objects.get(id=lease.run.id)


@pytest.mark.parametrize("state", [state for state in RunState if state != RunState.DUE])
def test_only_a_run_that_is_due_is_taken(state):
    run = runs.run(state=state)
    assert ledger.claim_run(run.id, worker="w1", at=timezone.now()) is None
    assert events(run) == []


def test_a_run_is_not_taken_before_its_time():
    run = runs.run(available_at=timezone.now() + timedelta(seconds=5))
    assert ledger.claim_run(run.id, worker="w1", at=timezone.now()) is None


def test_taking_a_run_gives_a_lease_and_a_record():
    at = timezone.now()
    run = runs.run()
    lease = ledger.claim_run(run.id, worker="w1", at=at)
    assert lease is not None
    found = fresh(lease)
    assert (found.state, found.claimed_by, found.lease_epoch) == (RunState.CLAIMED, "w1", 1)
    assert found.lease_expires_at == at + limits.lease()
    assert events(run) == ["run.claimed"]


def test_a_run_cancelled_before_it_began_ends_without_a_worker():
    run = runs.run(cancel_requested_at=timezone.now(), cancel_reason="not today")
    assert ledger.claim_run(run.id, worker="w1", at=timezone.now()) is None
    run.refresh_from_db()
    assert (run.state, run.code, run.reason) == (RunState.CANCELLED, "cancelled", "not today")
    assert events(run) == ["run.cancelled"]


def test_a_step_that_waited_ends_when_the_run_is_refused_before_it():
    run = runs.run()
    RunStep.objects.create(run=run, sequence=5, name="pause", kind="wait", state=StepState.WAITING)
    lease = taken(run)
    ledger.finish_run(lease, ledger.End(state=RunState.REFUSED, code="identity_disabled"), actor=BOT, at=timezone.now())
    step = RunStep.objects.get(run=run)
    assert (step.state, step.finished_at is None) == (StepState.SKIPPED, False)


def test_a_step_that_waits_ends_with_its_run():
    run = runs.run()
    for sequence, state in enumerate((StepState.SUCCEEDED, StepState.WAITING)):
        ended = None if state == StepState.WAITING else timezone.now()
        RunStep.objects.create(run=run, sequence=sequence, name=state, kind="wait", state=state, finished_at=ended)
    ScheduleRun.objects.update(cancel_requested_at=timezone.now())
    assert ledger.claim_run(run.id, worker="w1", at=timezone.now()) is None
    steps = RunStep.objects.filter(run=run).order_by("sequence")
    assert [(step.state, step.finished_at is None) for step in steps] == [("succeeded", False), ("skipped", False)]


def test_a_run_past_its_deadline_expires(settings):
    settings.RUN_DEADLINE_SECONDS = 60
    run = runs.run(started_at=timezone.now() - timedelta(seconds=61))
    assert ledger.claim_run(run.id, worker="w1", at=timezone.now()) is None
    run.refresh_from_db()
    assert (run.state, run.code) == (RunState.EXPIRED, "deadline_passed")


def test_a_whole_life_is_one_record_a_move():
    lease = taken()
    ledger.retry_run(lease, available_at=timezone.now(), reason="again", code="node_failed", actor=BOT)
    lease = taken(lease.run)
    ledger.defer_run(lease, available_at=timezone.now(), reason="later", actor=BOT)
    lease = taken(lease.run)
    ledger.finish_run(lease, ledger.End(state=RunState.SUCCEEDED), actor=BOT, at=timezone.now())
    assert events(lease.run) == [
        *("run.claimed", "run.started", "run.retried"),
        *("run.claimed", "run.started", "run.deferred"),
        *("run.claimed", "run.started", "run.succeeded"),
    ]
    found = fresh(lease)
    assert (found.attempt, found.resumes, found.lease_epoch) == (2, 0, 3)
    assert found.lease_expires_at is None
    assert found.finished_at is not None


def test_the_start_is_that_of_the_first_time():
    lease = taken()
    first = fresh(lease).started_at
    ledger.retry_run(lease, available_at=timezone.now(), reason="again", code="", actor=BOT)
    assert fresh(taken(lease.run)).started_at == first


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.REFUSED])
def test_an_end_for_a_reason_of_credentials_is_recorded_as_such(state):
    lease = taken()
    end = ledger.End(state=state, code="mint_refused", reason="no", cause="mint_refused", owner="ann@example.com")
    ledger.finish_run(lease, end, actor=BOT, at=timezone.now())
    event = AuditEvent.objects.get(type="run.credential_failed")
    assert event.details["cause"] == "mint_refused"
    assert event.details["owner"] == "ann@example.com"
    assert event.run_id == lease.run.id


def moves(lease: ledger.Lease, step: RunStep):
    at = timezone.now()
    end = ledger.End(state=RunState.SUCCEEDED)
    yield lambda: ledger.finish_run(lease, end, actor=BOT, at=at)
    yield lambda: ledger.retry_run(lease, available_at=at, reason="", code="", actor=BOT)
    yield lambda: ledger.defer_run(lease, available_at=at, reason="", actor=BOT)
    yield lambda: ledger.hold(lease)
    yield lambda: ledger.start_run(lease, at=at)
    done = steps.Work(finishes=[steps.Finish(step=step, state=StepState.SUCCEEDED, detail={}, actor=BOT, at=at)])
    yield lambda: steps.go_on(lease, done, steps.Begin(name="n", kind="log", sequence=9, at=at))
    yield lambda: ledger.finish_run(lease, end, actor=BOT, at=at, work=done)
    yield lambda: ledger.defer_run(lease, available_at=at, reason="", actor=BOT, work=done)


@pytest.mark.parametrize("number", range(8))
def test_a_worker_whose_run_was_taken_over_moves_nothing(number):
    lease = taken()
    step = steps.go_on(lease, steps.NOTHING, steps.Begin(name="s", kind="log", sequence=1, at=timezone.now()))
    ScheduleRun.objects.filter(id=lease.run.id).update(state=RunState.DUE)
    other = taken(lease.run)
    before = events(lease.run)
    with pytest.raises(ledger.LeaseLost):
        list(moves(lease, step))[number]()
    assert not ledger.renew(lease, at=timezone.now())
    assert events(lease.run) == before
    assert fresh(other).state == RunState.RUNNING
    assert RunStep.objects.get(run=lease.run).state == StepState.RUNNING


def test_what_is_not_recorded_does_not_happen(monkeypatch):
    lease = taken()

    def broken(*args, **kwargs):
        raise RuntimeError("the audit is shut")

    monkeypatch.setattr(ledger, "insert_rows", broken)
    with pytest.raises(RuntimeError):
        ledger.finish_run(lease, ledger.End(state=RunState.SUCCEEDED), actor=BOT, at=timezone.now())
    assert fresh(lease).state == RunState.RUNNING


def test_a_heartbeat_pushes_the_end_of_the_lease_on_and_records_nothing():
    lease = taken()
    at = timezone.now() + timedelta(seconds=30)
    before = len(events(lease.run))
    assert ledger.renew(lease, at=at)
    assert fresh(lease).lease_expires_at == at + limits.lease()
    assert len(events(lease.run)) == before


def test_taking_a_run_costs_so_many_queries(django_assert_num_queries):
    run = runs.run()
    with django_assert_num_queries(6 if connection.vendor == "sqlite" else 7):
        ledger.claim_run(run.id, worker="w1", at=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_of_fifty_workers_that_grab_one_run_exactly_one_gets_it():
    run = runs.run()
    leases = race(50, lambda number: ledger.claim_run(run.id, worker=f"w{number}", at=timezone.now()))
    assert len([lease for lease in leases if lease]) == 1
    assert events(run) == ["run.claimed"]


def test_how_late_a_run_begins_is_counted_once(django_capture_on_commit_callbacks):
    def counted() -> tuple[float, float]:
        samples = {
            sample.name: sample.value for sample in START_LAG.collect()[0].samples if "bucket" not in sample.name
        }
        return samples["steward_run_start_lag_seconds_count"], samples["steward_run_start_lag_seconds_sum"]

    number, seconds = counted()
    with django_capture_on_commit_callbacks(execute=True):
        lease = taken(runs.run(scheduled_for=timezone.now() - timedelta(seconds=7)))
        ledger.retry_run(lease, available_at=timezone.now(), reason="again", code="", actor=BOT)
        taken(lease.run)
    assert counted()[0] == number + 1
    assert 7 <= counted()[1] - seconds < 60
