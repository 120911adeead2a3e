"""What is not audited does not happen, of rotations alike: begun, distributed, moved by evidence, ended."""

import contextlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.credentials import rotations, services as credentials
from identities.credentials.models import ClientSecret, Rotation
from identities.inventory.models import ManagedIdentity
from tests.factories import tokens
from tests.factories.tokens import Bot
from tests.journeys.test_unaudited import no_room_in_the_audit, state

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = Actor.system("tests")


def the_one() -> Rotation:
    return Rotation.objects.get(ended_at=None)


def rotate(bot: Bot) -> object:
    return credentials.issue(bot.identity, actor=SYSTEM)


def advance(_: Bot) -> object:
    return rotations.advance(the_one().pk, at=timezone.now())


def prepare(old_used: timedelta, left: timedelta = -timedelta(days=9)) -> None:
    """As if the open rotation had begun days ago and the old one been used so long ago; the new one was seen."""
    now, rotation, begun = timezone.now(), the_one(), timedelta(days=9)
    ClientSecret.objects.filter(pk=rotation.old_id).update(last_used_at=now - old_used)
    ClientSecret.objects.filter(pk=rotation.new_id).update(first_used_at=now - begun, last_used_at=now)
    Rotation.objects.filter(pk=rotation.pk).update(
        started_at=now - begun, watched_since=now - begun, looked_at=now, cutover_deadline=now + left
    )
    ManagedIdentity.objects.update(state_changed_at=now - begun)


COMMANDS: dict[str, Callable[[Bot], object]] = {
    "rotate": rotate,
    "say that it is distributed": lambda _: rotations.mark_distributed(the_one(), actor=SYSTEM, at=timezone.now()),
    "roll back": lambda _: rotations.roll_back(the_one(), reason="Broke", actor=SYSTEM),
    "rotate again": rotate,
    "retire the old one by hand": lambda _: rotations.retire_old(the_one(), reason="Now", actor=SYSTEM),
    "rotate once more": rotate,
    "revoke one of the two": lambda _: credentials.revoke(the_one().new, reason="Lost", actor=SYSTEM),  # type: ignore[arg-type]
    "rotate after that": rotate,
    "come near the deadline: warned of and noted, or neither": advance,
    "pass the deadline: told of, brittle and slowed, all three or none": advance,
    "retire it by evidence": advance,
}
#: When the old one was used last, where the evidence is what the command is about.
EVIDENCE = dict(
    zip(
        list(COMMANDS)[-3:],
        [(timedelta(minutes=1), timedelta(minutes=30)), (timedelta(minutes=1),), (timedelta(days=8),)],
        strict=True,
    )
)


def test_nothing_of_a_rotation_happens_that_the_audit_does_not_take() -> None:
    bot = tokens.bot()
    left_behind, without_record = [], []
    for name, command in COMMANDS.items():
        if name in EVIDENCE:
            prepare(*EVIDENCE[name])
        before = state()
        with no_room_in_the_audit(), contextlib.suppress(Exception):
            command(bot)
        if differing := [table for table, rows in state().items() if rows != before[table]]:
            left_behind.append((name, differing))
        records = AuditEvent.objects.count()
        command(bot)
        if state() == before or AuditEvent.objects.count() == records:
            without_record.append(name)
    assert not left_behind
    assert not without_record
    assert not Rotation.objects.filter(ended_at=None).exists()
