"""Schedules follow a retired identity and outlast a disabled one."""

import pytest

from audit.actors import Actor
from audit.models import AuditEvent
from identities.lifecycle import services as lifecycle
from tests.factories import runs, tokens

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
