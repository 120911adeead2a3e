"""The queue's half: a tick makes and rings, a message is only a bell, and one id runs through all of it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError
from django.utils import timezone
from kombu.exceptions import OperationalError

from identities.detections.models import Finding
from identities.inventory.models import ManagedIdentity
from identities.programme.models import DailySnapshot
from identities.tokens.models import IssuedToken
from scheduling import tasks
from scheduling.models import Preflight, RunState, Schedule, ScheduleRun
from scheduling.runner import name_of_worker
from scheduling.services import bell, limits, recovery
from tests.factories import people, register, runs

pytestmark = pytest.mark.django_db


@pytest.fixture
def rung(monkeypatch):
    """What was sent to the queue."""
    sent: list[str] = []
    monkeypatch.setattr(tasks.execute, "delay", sent.append)
    return sent


def test_a_tick_makes_due_runs_and_rings_them(rung):
    due = runs.schedule(cron_expression="0 0 1 1 *", next_run_at=timezone.now() - timedelta(seconds=1))
    tasks.tick()
    run = ScheduleRun.objects.get(schedule=due)
    assert rung == [str(run.id)]
    tasks.tick()
    assert rung == [str(run.id)]
    assert bell.last_beat("tick") is not None


def test_a_lost_message_is_sent_again(rung):
    run = runs.run(idle())
    tasks.tick()
    ScheduleRun.objects.update(rung_at=timezone.now() - limits.RING_AGAIN)
    tasks.sweep()
    assert rung == [str(run.id)] * 2


def test_a_broker_that_is_away_loses_nothing(monkeypatch):
    def away(run_id: str) -> None:
        raise OperationalError("no route")

    run = runs.run(idle())
    monkeypatch.setattr(tasks.execute, "delay", away)
    tasks.tick()
    assert bell.last_beat("tick") is not None
    sent: list[str] = []
    monkeypatch.setattr(tasks.execute, "delay", sent.append)
    ScheduleRun.objects.update(rung_at=timezone.now() - limits.RING_AGAIN)
    tasks.tick()
    assert sent == [str(run.id)]


def test_a_sweep_gives_back_what_was_lost_and_rings_it(rung):
    run = runs.run(
        idle(), state=RunState.RUNNING, lease_epoch=1, lease_expires_at=timezone.now() - timedelta(seconds=1)
    )
    tasks.sweep()
    run.refresh_from_db()
    assert (run.state, run.resumes) == (RunState.DUE, 1)
    assert rung == [str(run.id)]
    assert bell.last_beat("sweep") is not None


def test_at_the_start_of_the_embedded_process_nothing_is_held(rung):
    worker, later = name_of_worker(), timezone.now() + timedelta(minutes=1)
    runs.run(idle(), state=RunState.RUNNING, lease_epoch=1, lease_expires_at=later, claimed_by=worker)
    assert len(recovery.take_over_dead(timezone.now())) == 1
    tasks.tick()
    assert len(rung) == 1


def test_a_message_for_a_run_that_is_not_there_does_nothing():
    tasks.execute(str(uuid4()))


def test_a_run_somebody_asked_for_is_rung_at_once_and_not_twice(rung):
    run = runs.run(idle(), trigger="manual")
    tasks.ring_now(run.id)
    tasks.tick()
    assert rung == [str(run.id)]


def test_a_message_holds_an_id_and_nothing_else():
    signature = tasks.execute.s(str(uuid4()))
    assert set(signature) >= {"task", "args", "kwargs"}
    assert len(signature["args"]) == 1
    assert signature["kwargs"] == {}


def idle() -> Schedule:
    """A schedule that does not fire by itself."""
    return runs.schedule(next_run_at=None)


def test_tidying_removes_what_nobody_can_show_any_more():
    long_ago, now = timezone.now() - timedelta(days=3), timezone.now()
    identity = register.identity(people.tenant())
    for ends_at in (long_ago, now + timedelta(hours=1)):
        IssuedToken.objects.create(
            jti=uuid4(),
            identity=identity,
            kid="k",
            scope="roles",
            issued_at=ends_at - timedelta(hours=1),
            expires_at=ends_at,
        )
    tasks.tidy()
    assert [token.expires_at > now for token in IssuedToken.objects.all()] == [True]


def test_who_was_changed_is_judged_and_its_findings_follow():
    made = register.identity(register.tenant())
    tasks.assess()
    assert Finding.objects.filter(identity=made).exists()
    assert ManagedIdentity.objects.filter(pk=made.pk, reassess_at__gt=timezone.now()).exists()


def test_a_round_of_judging_takes_many_bites(monkeypatch):
    monkeypatch.setattr(tasks, "ASSESS_AT_ONCE", 2)
    tenant = register.tenant()
    for _ in range(5):
        register.identity(tenant)
    tasks.assess()
    assert not ManagedIdentity.objects.filter(reassess_at__lte=timezone.now()).exists()


def test_judging_gives_way_to_runs_that_wait_for_a_worker(monkeypatch):
    monkeypatch.setattr(tasks, "ASSESS_AT_ONCE", 2)
    monkeypatch.setattr(tasks, "PRESSED_ASSESS", -1.0)
    tenant = register.tenant()
    for _ in range(5):
        register.identity(tenant)
    waiting = runs.run(idle(), rung_at=timezone.now() - limits.TAKEN_AT_ONCE)
    tasks.assess()
    assert ManagedIdentity.objects.filter(reassess_at__lte=timezone.now()).count() == 3
    ScheduleRun.objects.filter(id=waiting.id).update(state=RunState.SUCCEEDED)
    tasks.assess()
    assert not ManagedIdentity.objects.filter(reassess_at__lte=timezone.now()).exists()


def test_a_round_that_breaks_is_due_again(monkeypatch):
    made = register.identity(register.tenant())

    def break_down(*args, **kwargs):
        raise DatabaseError("the connection is gone")

    with monkeypatch.context() as patch:
        patch.setattr(tasks.findings, "evaluate", break_down)
        with pytest.raises(DatabaseError):
            tasks.assess()
    tasks.assess()
    assert Finding.objects.filter(identity=made).exists()


def test_numbers_are_counted_once_a_minute_and_never_by_two_at_a_time():
    tenant = people.tenant()
    tasks.cache.add(tasks.MEASURING, 1)
    tasks.measure()
    assert not DailySnapshot.objects.exists()
    tasks.cache.delete(tasks.MEASURING)
    tasks.measure()
    first = DailySnapshot.objects.get(tenant=tenant)
    tasks.measure()
    assert DailySnapshot.objects.get(tenant=tenant).taken_at == first.taken_at
    assert tasks.cache.get(tasks.MEASURING) is None


def test_preflights_are_tried_by_one_worker_at_a_time_and_once_a_day():
    runs.schedule(next_run_at=timezone.now() + timedelta(hours=1))
    tasks.cache.add(tasks.PREFLIGHTING, 1)
    tasks.preflight()
    assert not Preflight.objects.exists()
    tasks.cache.delete(tasks.PREFLIGHTING)
    tasks.preflight()
    first = Preflight.objects.get()
    tasks.preflight()
    assert Preflight.objects.get().checked_at == first.checked_at
    assert tasks.cache.get(tasks.PREFLIGHTING) is None


def test_preflights_that_are_left_go_on_after_a_pause(monkeypatch):
    again: list[int] = []
    monkeypatch.setattr(tasks.preflight, "apply_async", lambda **facts: again.append(facts["countdown"]))
    runs.schedule(next_run_at=timezone.now() + timedelta(hours=1))
    monkeypatch.setattr(tasks, "LONGEST_PREFLIGHT", -1.0)
    tasks.preflight()
    assert again == [tasks.PREFLIGHT_PAUSE]
    monkeypatch.setattr(tasks, "LONGEST_PREFLIGHT", 60.0)
    tasks.preflight()
    assert len(again) == 1
