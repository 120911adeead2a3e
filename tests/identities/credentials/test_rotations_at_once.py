"""Many hands on one rotation: exactly one begins it, every move is made once, and two are always the most."""

import time
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.credentials import rotations, services as credentials, usage as uses
from identities.credentials.models import (
    ClientKey,
    ClientSecret,
    Rotation,
    RotationState as State,
    SecretSource,
    SecretUse,
)
from identities.credentials.usage import Source
from identities.errors import Conflict
from identities.inventory import usage
from identities.lifecycle import services as lifecycle
from tests.factories import client_keys, register, tokens
from tests.scheduling.racing import race

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
HANDS = 8


def events(kind: str) -> int:
    return AuditEvent.objects.filter(type=kind).count()


def overlap() -> Rotation:
    bot = tokens.bot(risk_tier="high")
    rotation = credentials.issue(bot.identity, actor=register.SYSTEM).rotation
    assert rotation is not None
    return rotation


def silent(rotation: Rotation) -> Rotation:
    """Its evidence is complete: the new one was seen, the old one fell silent long ago."""
    ago = timezone.now() - timedelta(hours=3)
    ClientSecret.objects.filter(pk=rotation.new_id).update(first_used_at=ago, last_used_at=ago)
    Rotation.objects.update(started_at=ago, watched_since=ago, looked_at=timezone.now(), consider_at=ago)
    rotation.identity.__class__.objects.filter(pk=rotation.identity_id).update(state_changed_at=ago)
    return rotation


def test_of_many_that_rotate_at_once_exactly_one_does() -> None:
    bot = tokens.bot()

    def rotate(_: int) -> str:
        try:
            credentials.issue(bot.identity, actor=register.SYSTEM)
        except Conflict as refusal:
            return refusal.code
        return "done"

    assert Counter(race(HANDS, rotate)) == {"done": 1, "overlap_still_open": HANDS - 1}
    assert ClientSecret.objects.filter(revoked_at=None).count() == 2
    assert Rotation.objects.count() == 1


def test_of_many_that_advance_at_once_each_move_is_made_once() -> None:
    rotation = silent(overlap())
    at = timezone.now()
    race(HANDS, lambda _: rotations.advance(rotation.pk, at=at))
    assert Rotation.objects.get().state == State.RETIRED
    assert [events(f"credential.{kind}") for kind in ("distributed", "cut_over", "retired")] == [1, 1, 1]
    assert ClientSecret.objects.filter(revoked_at=None).count() == 1


def test_workers_share_what_is_due() -> None:
    for _ in range(6):
        silent(overlap())
    at = timezone.now()
    race(HANDS, lambda _: rotations.tend(at))
    assert set(Rotation.objects.values_list("state", flat=True)) == {State.RETIRED}
    assert events("credential.retired") == 6


@pytest.mark.parametrize("round_number", range(3))
def test_a_roll_back_and_the_evidence_meet_and_one_secret_lives(round_number: int) -> None:
    rotation = silent(overlap())
    at = timezone.now()

    def meet(number: int) -> str:
        try:
            if number % 2:
                rotations.advance(rotation.pk, at=at)
            else:
                rotations.roll_back(rotation, reason="Back", actor=register.SYSTEM)
        except Conflict as refusal:
            return refusal.code
        return "done"

    race(HANDS, meet)
    assert ClientSecret.objects.filter(revoked_at=None).count() == 1
    assert events("credential.retired") + events("credential.rolled_back") == 1


def test_commands_that_meet_do_not_wait_in_a_ring() -> None:
    rotation = silent(overlap())
    identity, at = rotation.identity, timezone.now()
    pair = (rotation.old, rotation.new)

    def mark() -> None:
        for secret in pair:
            assert secret is not None
            uses.note(secret.pk, identity.pk, source=Source("192.0.2.7", "cron"), at=at)
        usage.flush()

    def meet(number: int) -> str:
        doors = (
            lambda: rotations.tend(at),
            mark,
            lambda: lifecycle.retire(identity, reason="Over", actor=register.SYSTEM),
            lambda: rotations.roll_back(rotation, reason="Back", actor=register.SYSTEM),
        )
        time.sleep(0.01 * (number % 3))
        try:
            doors[number % len(doors)]()
        except Conflict as refusal:
            return refusal.code
        return "done"

    race(HANDS, meet)
    assert not ClientSecret.objects.filter(revoked_at=None).exists()
    assert Rotation.objects.get().ended_at is not None


def test_uses_that_several_processes_report_add_up() -> None:
    rotation = overlap()
    old = rotation.old
    assert old is not None
    at = timezone.now()

    def report(_: int) -> None:
        for _ in range(5):
            uses.note(old.pk, rotation.identity_id, source=Source("192.0.2.7", "cron"), at=at)
            usage.flush()

    race(HANDS, report)
    usage.flush()
    assert ClientSecret.objects.get(pk=old.pk).uses == 5 * HANDS
    assert SecretSource.objects.get().uses == 5 * HANDS
    assert sum(SecretUse.objects.values_list("uses", flat=True)) == 5 * HANDS


def test_uses_of_both_keys_that_several_processes_report_add_up() -> None:
    old = client_keys.signing()
    new = client_keys.signing(of=old.identity)
    pair, at = [old.key.pk, new.key.pk], timezone.now()

    def report(hand: int) -> None:
        for number in range(6):
            uses.note(
                pair[(hand + number) % 2], old.identity.pk, source=Source("192.0.2.7", "cron"), at=at, kind=ClientKey
            )
            usage.flush()

    race(HANDS, report)
    usage.flush()
    for pk in pair:
        assert ClientKey.objects.get(pk=pk).uses == 3 * HANDS
        assert SecretSource.objects.get(key=pk).uses == 3 * HANDS
        assert sum(SecretUse.objects.filter(key=pk).values_list("uses", flat=True)) == 3 * HANDS
    rotations.tend(timezone.now())
    assert Rotation.objects.get().state == State.BOTH_SEEN
