"""Whose turn it is, and that one round is cut off in time."""

from datetime import timedelta

from django.utils import timezone

from scheduling.models import Preflight, Schedule, ScheduleRun
from scheduling.preflight import rounds, selectors
from scheduling.services import limits
from tests.factories import runs
from tests.scheduling.preflight.conftest import WEEK

ENOUGH = 60.0


def turn(night, *, at=None):
    return [schedule.name for schedule in selectors.to_try(at or night.at)]


def checked(schedule, at, *, is_clear=True):
    return Preflight.objects.create(schedule=schedule, checked_at=at, is_clear=is_clear)


def test_one_that_is_due_and_was_never_tried_has_its_turn(night):
    due = night.nightly()
    later = night.nightly()
    Schedule.objects.filter(pk=later.pk).update(next_run_at=night.at + WEEK + timedelta(hours=1))
    paused = night.nightly()
    Schedule.objects.filter(pk=paused.pk).update(is_enabled=False, next_run_at=None)
    assert turn(night) == [due.name]


def test_one_that_was_tried_today_has_it_again_tomorrow(night):
    schedule = night.nightly()
    checked(schedule, night.at + timedelta(minutes=1))
    assert turn(night, at=night.at + timedelta(hours=23)) == []
    assert turn(night, at=night.at + timedelta(hours=25)) == [schedule.name]


def test_what_has_changed_since_has_its_turn_at_once(night):
    schedule = night.nightly()
    checked(schedule, night.at + timedelta(minutes=1))
    changed = night.at + timedelta(minutes=2)
    assert turn(night) == []
    for rows in (Schedule.objects.filter(pk=schedule.pk), type(night.payer).objects.filter(pk=night.payer.pk)):
        rows.update(updated_at=changed)
        assert turn(night) == [schedule.name]
        rows.update(updated_at=night.at)
        assert turn(night) == []
    night.payer.bindings.update(ended_at=changed)
    assert turn(night) == [schedule.name]


def test_one_that_would_have_failed_and_is_not_due_any_more_is_looked_at_once(night):
    schedule = night.nightly()
    checked(schedule, night.at + timedelta(minutes=1), is_clear=False)
    Schedule.objects.filter(pk=schedule.pk).update(is_enabled=False, next_run_at=None)
    assert turn(night) == [schedule.name]
    rounds.go_round(night.at + timedelta(minutes=2), seconds=ENOUGH)
    assert turn(night) == []


def test_a_round_gives_way_to_runs_that_wait_for_a_worker(night, monkeypatch):
    first, _ = night.nightly(), night.nightly()
    monkeypatch.setattr(rounds, "PRESSED_SECONDS", 0.0)
    waiting = runs.run(first, rung_at=timezone.now() - limits.TAKEN_AT_ONCE)
    assert rounds.go_round(night.at, seconds=ENOUGH) == rounds.Round(is_cut_off=True)
    ScheduleRun.objects.filter(id=waiting.id).delete()
    assert rounds.go_round(night.at, seconds=ENOUGH).tried == 2


def test_a_round_tries_what_is_due_and_counts(night):
    night.nightly(), night.nightly(managed_identity_id="00000000-0000-4000-8000-000000000001")
    done = rounds.go_round(night.at + timedelta(minutes=1), seconds=ENOUGH)
    assert (done.tried, done.failing, done.broken, done.is_cut_off) == (2, 1, 0, False)
    assert Preflight.objects.count() == 2


def test_a_round_without_time_leaves_the_rest_to_the_next(night):
    for _ in range(3):
        night.nightly()
    done = rounds.go_round(night.at, seconds=-1)
    assert (done.tried, done.is_cut_off) == (0, True)


def test_one_that_cannot_be_tried_holds_up_no_other(night, monkeypatch):
    broken, fine = night.nightly(), night.nightly()
    real = rounds.preflight

    def now(schedule, **facts):
        if schedule.pk == broken.pk:
            raise RuntimeError("odd")
        return real(schedule, **facts)

    monkeypatch.setattr(rounds, "preflight", now)
    done = rounds.go_round(night.at, seconds=ENOUGH)
    assert (done.tried, done.broken) == (1, 1)
    assert Preflight.objects.get().schedule_id == fine.pk


def test_an_idle_round_is_one_query(night, django_assert_num_queries):
    with django_assert_num_queries(1):
        rounds.go_round(night.at, seconds=ENOUGH)


def test_a_person_is_not_in_the_way_of_the_clock(night):
    schedule = night.nightly()
    night.tried(schedule, at=night.at + timedelta(minutes=5))
    assert rounds.go_round(night.at + timedelta(minutes=1), seconds=ENOUGH).tried == 0
