"""After a backup was put back: nothing that may have happened happens again, and nothing that was open goes on."""

from datetime import datetime, timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from audit import gaps, tasks as audit_tasks
from audit.actors import Actor
from audit.models import AuditEvent
from config.celery import GOES_ON
from identities.people import sign_in
from identities.people.models import RefreshToken
from identities.recertification.models import ReviewCampaign
from identities.tokens import services as tokens
from identities.tokens.models import SigningKey
from scheduling import tasks
from scheduling.models import Pulse, RunState, Schedule, ScheduleRun, Trigger
from scheduling.services import firing, ledger, restoring
from tests.factories import people as cast, runs, tokens as tokens_of
from tests.factories.runs import NOON

pytestmark = pytest.mark.django_db

OPERATOR = Actor.system("restored")
LATER = NOON + timedelta(minutes=30)


def restored(until=LATER, at=LATER):
    return restoring.restored(until=until, reason="The disk died", actor=OPERATOR, at=at)


def open_run(**facts):
    return runs.run(runs.schedule(is_enabled=False, next_run_at=None), **facts)


def _minutes(at: datetime | None) -> float | None:
    return None if at is None else (at - NOON) / timedelta(minutes=1)


def states(schedule: Schedule) -> list[tuple[object, str, str]]:
    rows = ScheduleRun.objects.filter(schedule=schedule).order_by("scheduled_for")
    return [(_minutes(row.scheduled_for), row.state, row.code) for row in rows]


@pytest.fixture
def gap(monkeypatch):
    monkeypatch.setattr(gaps, "found", lambda: gaps.Gap(4, 9, NOON))


def test_nothing_is_fired_or_taken_up_until_somebody_has_said_so(gap):
    due = open_run()
    runs.schedule(next_run_at=timezone.now() - timedelta(seconds=1))
    tasks.tick()
    tasks.sweep()
    tasks.execute(str(due.id))
    assert list(ScheduleRun.objects.values_list("id", "state")) == [(due.id, RunState.DUE)]
    assert not Pulse.objects.exists()


def test_the_seal_goes_on_meanwhile():
    assert {audit_tasks.seal.name, audit_tasks.verify.name} == set(GOES_ON)


@pytest.mark.parametrize("policy", ["skip", "run_once", "run_all"])
def test_each_occurrence_of_the_lost_time_is_skipped_with_a_row_whatever_the_policy(policy):
    schedule = runs.schedule(misfire_policy=policy, cron_expression="*/10 * * * *")
    assert restored().occurrences == 4
    assert states(schedule) == [(minute, "skipped", "restored") for minute in (0, 10, 20, 30)]
    assert firing.claim_due(LATER) == firing.Claim()
    firing.claim_due(LATER + timedelta(minutes=10))
    assert states(schedule)[-1] == (40, "due", "")


def test_what_came_after_the_lost_database_stopped_goes_by_the_misfire_policy():
    schedule = runs.schedule(misfire_policy="run_once", cron_expression="*/10 * * * *")
    assert restored(until=NOON + timedelta(minutes=15)).occurrences == 2
    firing.claim_due(LATER)
    assert states(schedule) == [
        (0, "skipped", "restored"), (10, "skipped", "restored"), (20, "skipped", "misfire"), (30, "due", ""),
    ]  # fmt: skip


def test_more_occurrences_than_one_look_takes_are_all_skipped(monkeypatch):
    monkeypatch.setattr(firing.occurrences, "LOOK", 7)
    schedule = runs.schedule()
    assert restored().occurrences == 31
    assert {code for _, _, code in states(schedule)} == {"restored"}


def test_an_occurrence_that_has_a_row_keeps_it():
    schedule = runs.schedule(cron_expression="*/10 * * * *")
    runs.run(schedule, scheduled_for=NOON, state=RunState.SUCCEEDED)
    assert restored().occurrences == 3
    assert states(schedule)[0] == (0, "succeeded", "")


def test_paused_schedules_and_those_that_lie_ahead_are_left_alone():
    paused = runs.schedule(is_enabled=False, next_run_at=None, held_run_at=NOON)
    ahead = runs.schedule(next_run_at=LATER + timedelta(seconds=1))
    assert restored().occurrences == 0
    assert states(paused) == states(ahead) == []


def test_a_schedule_that_cannot_be_read_holds_up_no_other():
    Schedule.objects.filter(pk=runs.schedule().pk).update(timezone="Mars/Olympus")
    other = runs.schedule(cron_expression="0 12 * * *")
    done = restored()
    assert (done.unreadable, done.occurrences) == (1, 1)
    assert states(other) == [(0, "skipped", "restored")]


@pytest.mark.parametrize("state", [RunState.DUE, RunState.CLAIMED, RunState.RUNNING])
def test_a_run_that_was_open_ends_and_its_worker_can_do_nothing_any_more(state):
    run = open_run(state=state, lease_epoch=3, lease_expires_at=timezone.now() + timedelta(seconds=50))
    assert restored(timezone.now(), timezone.now()).runs == 1
    run.refresh_from_db()
    assert (run.state, run.code) == (RunState.CANCELLED, "restored")
    assert not ledger.renew(ledger.Lease(run, 3), at=timezone.now())
    assert AuditEvent.objects.filter(type="run.cancelled", subject_id=str(run.id)).count() == 1


def test_a_run_by_hand_that_was_open_ends_too_and_one_that_waits_for_later_does_not():
    by_hand = open_run(trigger=Trigger.MANUAL)
    waits = open_run(available_at=timezone.now() + timedelta(days=1))
    assert restored(timezone.now(), timezone.now()).runs == 1
    assert ScheduleRun.objects.get(id=by_hand.id).state == RunState.CANCELLED
    assert ScheduleRun.objects.get(id=waits.id).state == RunState.DUE


def test_sessions_and_every_key_that_signed_a_token_end():
    person = cast.person()
    sign_in.open_session(person)
    browser = SessionStore()
    browser.create()
    first = tokens.ensure_signing_key()
    done = restored()
    assert (done.sessions, done.signing_keys) == (2, 1)
    assert not Session.objects.exists()
    assert list(RefreshToken.objects.values_list("reason", flat=True)) == ["restored"]
    first.refresh_from_db()
    assert first.revoked_at is not None
    assert SigningKey.objects.get(revoked_at=None).kid != first.kid


def test_a_key_that_was_only_announced_ends_too():
    tokens.ensure_signing_key()
    tokens.rotate_signing_key(actor=OPERATOR)
    assert restored().signing_keys == 2
    assert SigningKey.objects.get(revoked_at=None, retired_at=None).activated_at <= timezone.now()


def test_reviews_that_are_soon_due_wait_for_the_answers_that_were_lost():
    at = timezone.now()
    soon, late, closing = (
        ReviewCampaign.objects.create(
            tenant=tokens_of.tenant(), name=name, state=state, due_at=at + timedelta(days=days)
        )
        for name, state, days in (("soon", "open", -1), ("late", "open", 30), ("closing", "closing", -2))
    )
    assert restored(at, at).campaigns == 1
    for campaign in (soon, late, closing):
        campaign.refresh_from_db()
    assert soon.due_at == at + timedelta(days=7)
    assert (late.due_at, closing.due_at) == (at + timedelta(days=30), at - timedelta(days=2))
    event = AuditEvent.objects.get(type="campaign.changed", subject_id=str(soon.pk))
    assert event.reason.endswith("was put back")


def test_it_is_recorded_whole_and_said_twice_it_does_nothing_twice():
    runs.schedule(cron_expression="*/10 * * * *")
    restored()
    assert restored().occurrences == 0
    event = AuditEvent.objects.filter(type="installation.restored").earliest("id")
    assert (event.tenant_id, event.reason, event.actor_id) == (None, "The disk died", "restored")
    assert event.details["occurrences"] == 4
    assert event.details["skippedUntil"] == "2026-03-01T12:30:00Z"


def test_what_lies_ahead_is_never_skipped():
    schedule = runs.schedule(cron_expression="*/10 * * * *")
    restored(until=LATER + timedelta(days=1))
    assert len(states(schedule)) == 4
