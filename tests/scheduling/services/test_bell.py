"""Which runs the queue is told of."""

from datetime import timedelta

import pytest
from django.utils import timezone

from scheduling.models import RunState, ScheduleRun
from scheduling.services import bell, limits
from tests.factories import runs

pytestmark = pytest.mark.django_db


def test_only_what_is_due_and_available_is_rung():
    runs.run(available_at=timezone.now() + timedelta(seconds=5))
    runs.run(state=RunState.RUNNING)
    runs.run(state=RunState.SUCCEEDED)
    assert bell.take_ringing(timezone.now()) == []


def test_a_message_is_sent_once_and_again_only_when_nobody_took_it():
    run, at = runs.run(), timezone.now()
    assert bell.take_ringing(at) == [run.id]
    assert bell.take_ringing(at + timedelta(seconds=1)) == []
    assert bell.take_ringing(at + limits.RING_AGAIN) == [run.id]


def test_the_oldest_come_first_and_no_more_than_asked_for():
    at = timezone.now()
    made = [runs.run(available_at=at - timedelta(seconds=age)) for age in (1, 3, 2)]
    assert bell.take_ringing(at, limit=2) == [made[1].id, made[2].id]
    assert bell.take_ringing(at, limit=2) == [made[0].id]


def test_a_run_that_a_face_rang_is_not_rung_again_at_once():
    run, at = runs.run(), timezone.now()
    bell.mark_rung(run.id, at)
    assert bell.take_ringing(at) == []
    assert ScheduleRun.objects.get(id=run.id).rung_at == at


def test_the_clock_shows_when_it_was_last_alive():
    assert bell.last_beat("tick") is None
    at = timezone.now()
    bell.beat("tick", at)
    bell.beat("tick", at + timedelta(seconds=1))
    assert bell.last_beat("tick") == at + timedelta(seconds=1)


def test_workers_are_behind_while_a_message_waits_for_one():
    at = timezone.now()
    run, soon = runs.run(rung_at=at - limits.TAKEN_AT_ONCE), timedelta(milliseconds=1)
    assert bell.is_behind(at)
    assert not bell.is_behind(at - soon)
    assert not bell.is_behind(at + limits.RING_AGAIN)
    ScheduleRun.objects.filter(id=run.id).update(state=RunState.CLAIMED)
    assert not bell.is_behind(at)


def test_what_waits_for_its_turn_is_no_sign_of_it():
    at = timezone.now()
    runs.run(rung_at=None, available_at=at - timedelta(minutes=5))
    assert not bell.is_behind(at)
