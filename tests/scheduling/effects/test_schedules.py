"""Schedules follow a retired identity and outlast a disabled one."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.errors import DomainError
from identities.inventory import locks
from identities.lifecycle import pausing, services as lifecycle
from identities.lifecycle.quarantines import quarantine
from scheduling.services import schedules
from tests.factories import runs, tokens
from tests.scheduling.racing import race

pytestmark = pytest.mark.django_db
ADMIN = Actor.system("tests")


def test_a_disabled_identity_leaves_its_schedules_in_the_calendar():
    bot = tokens.bot().identity
    schedule = runs.schedule(of=bot.tenant, managed_identity_id=bot.id)
    lifecycle.disable(bot, reason="incident", actor=ADMIN)
    schedule.refresh_from_db()
    assert schedule.is_enabled
    assert schedule.next_run_at == runs.NOON


def test_a_retired_identity_pauses_its_own_schedules_and_no_others():
    bot = tokens.bot().identity
    own = runs.schedule(of=bot.tenant, managed_identity_id=bot.id)
    paused = runs.schedule(of=bot.tenant, managed_identity_id=bot.id, is_enabled=False, next_run_at=None)
    other = runs.schedule(of=bot.tenant)
    lifecycle.retire(bot, reason="over", actor=ADMIN)
    for schedule in (own, paused, other):
        schedule.refresh_from_db()
    assert (own.is_enabled, own.next_run_at, own.held_run_at) == (False, None, runs.NOON)
    assert own.paused_reason == "Its managed identity was retired"
    assert paused.paused_reason == ""
    assert other.is_enabled
    events = AuditEvent.objects.filter(type="schedule.paused")
    assert [event.subject_id for event in events] == [str(own.id)]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("command", ["pause", "change"])
def test_a_schedule_that_is_changed_while_its_identity_is_retired(command):
    bot = tokens.bot().identity
    schedule = runs.schedule(of=bot.tenant, managed_identity_id=bot.id, next_run_at=timezone.now() + timedelta(hours=1))
    is_held = threading.Event()

    def retire() -> None:
        with transaction.atomic():
            locks.hold([bot.pk])
            is_held.set()
            time.sleep(0.4)
            lifecycle.retire(bot, reason="over", actor=ADMIN)

    def meanwhile() -> None:
        is_held.wait()
        if command == "pause":
            schedules.pause(schedule, actor=ADMIN)
        else:
            schedules.change_schedule(schedule, changes={"cron_expression": "5 * * * *"}, actor=ADMIN)

    def outcome(number: int) -> str:
        try:
            (retire, meanwhile)[number]()
        except DomainError as refusal:
            return refusal.code
        return "done"

    assert race(2, outcome)[0] == "done"
    schedule.refresh_from_db()
    assert not schedule.is_enabled


def test_a_paused_identity_leaves_its_schedules_in_the_calendar():
    bot = tokens.bot().identity
    schedule = runs.schedule(of=bot.tenant, managed_identity_id=bot.id)
    pausing.pause(bot, reason="test", actor=ADMIN)
    schedule.refresh_from_db()
    assert schedule.is_enabled


def test_a_quarantine_says_what_it_paused_and_what_is_under_way():
    bot = tokens.bot().identity
    for _ in range(2):
        runs.run(runs.schedule(of=bot.tenant, managed_identity_id=bot.id))
    said = quarantine(bot, reason="incident", actor=ADMIN).effects["said"]
    assert said == {"schedules": "2 schedules paused", "runs": "2 runs stop before the next step"}


def test_a_quarantine_with_nothing_scheduled_says_nothing():
    assert quarantine(tokens.bot().identity, reason="incident", actor=ADMIN).effects["said"] == {}
