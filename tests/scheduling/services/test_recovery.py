"""Runs whose worker is gone, or whose time is over."""

import os
import socket
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.models import AuditEvent
from scheduling.models import RunState, RunStep, ScheduleRun, StepState
from scheduling.services import bell, ledger, limits, recovery
from tests.factories import runs

pytestmark = pytest.mark.django_db


def lost(**facts) -> ScheduleRun:
    over = timezone.now() - timedelta(seconds=1)
    held: dict[str, Any] = {"lease_epoch": 3, "lease_expires_at": over, "claimed_by": "host:1:2"}
    return runs.run(**({"state": RunState.RUNNING} | held | facts))


@pytest.mark.parametrize("state", [state for state in RunState if state not in ledger.HELD])
def test_a_run_that_nobody_holds_is_not_recovered(state):
    lost(state=state)
    assert recovery.recover_lost(timezone.now()) == []


def test_a_run_whose_lease_still_holds_is_left_to_its_worker():
    lost(lease_expires_at=timezone.now() + timedelta(seconds=1))
    assert recovery.recover_lost(timezone.now()) == []


@pytest.mark.parametrize("state", ledger.HELD)
def test_a_lost_run_is_due_again_as_a_resume_and_not_as_an_attempt(state):
    run = lost(state=state)
    assert recovery.recover_lost(timezone.now()) == [run.id]
    run.refresh_from_db()
    assert (run.state, run.resumes, run.attempt, run.claimed_by) == (RunState.DUE, 1, 1, "")
    assert run.available_at <= timezone.now()
    event = AuditEvent.objects.get(type="run.resumed")
    assert "host:1:2" in event.reason


def test_a_dead_workers_run_is_found_within_a_minute():
    sweep_every = timedelta(seconds=5)
    assert limits.lease() + sweep_every < timedelta(seconds=60)
    assert limits.heartbeat() * 3 <= limits.lease()


def test_the_lease_that_was_looked_at_is_the_one_that_is_ended():
    run = lost()
    ScheduleRun.objects.filter(id=run.id).update(lease_expires_at=timezone.now() + timedelta(seconds=30))
    assert not recovery._give_back(run, timezone.now())
    run.refresh_from_db()
    assert run.state == RunState.RUNNING


def test_a_run_lost_too_often_is_given_up():
    run = lost(resumes=limits.RESUMES)
    RunStep.objects.create(run=run, sequence=1, name="a", kind="log")
    assert recovery.recover_lost(timezone.now()) == []
    run.refresh_from_db()
    assert (run.state, run.code) == (RunState.FAILED, "worker_lost")
    assert run.steps.get().state == StepState.FAILED
    assert AuditEvent.objects.get(type="run.failed").run_id == run.id


def test_the_last_resume_is_still_given():
    run = lost(resumes=limits.RESUMES - 1)
    assert recovery.recover_lost(timezone.now()) == [run.id]


def test_at_the_start_of_the_only_process_every_held_run_is_taken_over():
    worker = f"{socket.gethostname()}:{os.getpid()}:1"
    held = lost(lease_expires_at=timezone.now() + timedelta(hours=1), claimed_by=worker)
    runs.run(state=RunState.SUCCEEDED)
    assert recovery.take_over_dead(timezone.now()) == [held.id]


def test_what_the_dead_process_had_rung_is_rung_again_at_once():
    run = runs.run(rung_at=timezone.now())
    recovery.take_over_dead(timezone.now())
    if connection.vendor == "sqlite":
        assert bell.take_ringing(timezone.now()) == [run.id]


def test_where_other_processes_may_live_only_dead_ones_of_this_host_are_taken_over(monkeypatch):
    monkeypatch.setattr(recovery.connection, "vendor", "postgresql")
    soon, host = timezone.now() + timedelta(hours=1), socket.gethostname()
    own, living = f"{host}:{os.getpid()}:1", f"{host}:{os.getppid()}:1"
    dead = lost(lease_expires_at=soon, claimed_by=own)
    for worker in (living, f"elsewhere:{os.getpid()}:1"):
        lost(lease_expires_at=soon, claimed_by=worker)
    assert recovery.take_over_dead(timezone.now()) == [dead.id]


def test_what_waits_past_its_deadline_or_was_cancelled_is_ended(settings):
    settings.RUN_DEADLINE_SECONDS = 60
    long_ago = timezone.now() - timedelta(seconds=61)
    late = runs.run(started_at=long_ago, available_at=timezone.now() + timedelta(hours=1))
    cancelled = runs.run(cancel_requested_at=timezone.now(), available_at=timezone.now() + timedelta(hours=1))
    never_begun = runs.run()
    ScheduleRun.objects.filter(id=never_begun.id).update(created_at=long_ago)
    waiting = runs.run()
    assert recovery.end_overdue(timezone.now()) == 3
    states = {run.id: ScheduleRun.objects.get(id=run.id).state for run in (late, cancelled, never_begun, waiting)}
    assert states == {
        late.id: RunState.EXPIRED,
        cancelled.id: RunState.CANCELLED,
        never_begun.id: RunState.EXPIRED,
        waiting.id: RunState.DUE,
    }
