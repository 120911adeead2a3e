"""What is not audited does not happen, of stops alike: paused, rehearsed, quarantined, worked through, released."""

import contextlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import drills, pausing, releases, runbook_lines
from identities.lifecycle.models import Quarantine, QuarantineLine
from identities.lifecycle.quarantines import quarantine
from identities.people.actors import actor_of
from identities.people.models import User
from tests.factories import people, runs, tokens
from tests.journeys.test_unaudited import no_room_in_the_audit, state

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = Actor.system("tests")
LATER = timedelta(days=2)


def identity() -> ManagedIdentity:
    return ManagedIdentity.objects.get(name="stopped")


def row() -> Quarantine:
    return Quarantine.objects.get(closed_at=None)


def line() -> QuarantineLine:
    return row().lines.filter(done_at=None)[0]


def person(number: int) -> User:
    return User.objects.get(email=f"number-{number}@example.com")


COMMANDS: dict[str, Callable[[], object]] = {
    "pause": lambda: pausing.pause(identity(), reason="x", actor=SYSTEM, until=timezone.now() + timedelta(hours=1)),
    "resume": lambda: pausing.resume(identity(), reason="x", actor=SYSTEM),
    "pause again": lambda: pausing.pause(
        identity(), reason="x", actor=SYSTEM, until=timezone.now() + timedelta(hours=1)
    ),
    "end the pause by itself": lambda: pausing.lift_due(timezone.now() + LATER),
    "rehearse": lambda: drills.rehearse(identity(), actor=SYSTEM, is_confirmed=True),
    "end the drill by itself": lambda: drills.end_due(timezone.now() + LATER),
    "quarantine": lambda: quarantine(identity(), reason="x", actor=SYSTEM),
    "assign a line": lambda: runbook_lines.assign(line(), person=person(1), actor=SYSTEM),
    "tick a line": lambda: runbook_lines.done(line(), actor=SYSTEM),
    "tick the last line": lambda: runbook_lines.done(line(), actor=SYSTEM),
    "ask for the release": lambda: releases.ask(row(), reason="x", actor=actor_of(person(0))),
    "release": lambda: releases.release(row(), reason="x", actor=actor_of(person(1))),
}


def test_nothing_of_a_stop_happens_that_the_audit_does_not_take() -> None:
    tenant = people.tenant("unaudited stops")
    for number in range(2):
        long_ago = timezone.now() - timedelta(days=1)
        people.person(of=tenant, email=f"number-{number}@example.com", created_at=long_ago)
    facts = {"issuance": "external", "revocation_procedure": "Call\nWait", "risk_tier": "high"}
    bot = tokens.identity(of=tenant, name="stopped", **facts)
    tokens.grant(bot, "run.read")
    runs.schedule(of=tenant, managed_identity_id=bot.pk)
    left_behind, without_record = [], []
    for name, command in COMMANDS.items():
        before = state()
        with no_room_in_the_audit(), contextlib.suppress(Exception):
            command()
        if differing := [table for table, rows in state().items() if rows != before[table]]:
            left_behind.append((name, differing))
        records = AuditEvent.objects.count()
        command()
        if state() == before or AuditEvent.objects.count() == records:
            without_record.append(name)
    assert not left_behind
    assert not without_record
    assert identity().state == "active"
