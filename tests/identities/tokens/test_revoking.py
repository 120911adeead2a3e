"""Tokens end before their time: here at once, elsewhere within five seconds."""

import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from audit.models import AuditEvent
from identities.errors import Missing, Unavailable
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.tokens import revocations as room, selectors, services as tokens
from identities.tokens.models import IssuedToken
from identities.tokens.revocations import RevocationCache, revocations
from identities.tokens.verification import BadToken, verify_access_token
from tests.factories import tokens as made

pytestmark = pytest.mark.django_db


def mint(bot: ManagedIdentity) -> tokens.Minted:
    return tokens.mint(bot, scope="roles", at=timezone.now())


def refusal_of(text: str) -> str:
    with pytest.raises(BadToken) as refused:
        verify_access_token(text)
    return refused.value.reason


def test_a_revoked_token_is_dead_and_its_sister_lives() -> None:
    bot = made.identity()
    first, second = mint(bot), mint(bot)
    verify_access_token(first.access_token)
    tokens.revoke(first.jti, actor=made.SYSTEM, reason="lost")
    assert refusal_of(first.access_token) == "revoked"
    assert verify_access_token(second.access_token).jti == second.jti
    assert AuditEvent.objects.get(type="token.revoked").details == {"jti": str(first.jti)}


def test_to_revoke_twice_changes_nothing_and_an_unknown_one_is_missing() -> None:
    token = mint(made.identity())
    once = tokens.revoke(token.jti, actor=made.SYSTEM).revoked_at
    assert tokens.revoke(token.jti, actor=made.SYSTEM).revoked_at == once
    assert AuditEvent.objects.filter(type="token.revoked").count() == 1
    with pytest.raises(Missing):
        tokens.revoke(uuid.uuid4(), actor=made.SYSTEM)


def test_a_kill_ends_all_of_one_identity_and_none_of_another() -> None:
    bot, stranger = made.identity(), made.identity()
    mine, theirs = mint(bot), mint(stranger)
    tokens.kill_tokens(bot, actor=made.SYSTEM, reason="incident")
    assert refusal_of(mine.access_token) == "revoked"
    assert verify_access_token(theirs.access_token).jti == theirs.jti


def test_a_token_minted_in_the_second_of_the_kill_lives() -> None:
    bot = made.identity()
    before = mint(bot)
    tokens.kill_tokens(bot, actor=made.SYSTEM)
    after = mint(bot)
    assert refusal_of(before.access_token) == "revoked"
    assert verify_access_token(after.access_token).jti == after.jti
    assert selectors.live_token(after.jti, bot.tenant_id, issued_at(after), timezone.now())
    assert not selectors.live_token(before.jti, bot.tenant_id, issued_at(before), timezone.now())


def test_two_kills_in_one_second_leave_no_token_between_them() -> None:
    bot = made.identity()
    tokens.kill_tokens(bot, actor=made.SYSTEM)
    between = mint(bot)
    tokens.kill_tokens(bot, actor=made.SYSTEM)
    after = mint(bot)
    assert refusal_of(between.access_token) == "revoked"
    assert not selectors.live_token(between.jti, bot.tenant_id, issued_at(between), timezone.now())
    assert verify_access_token(after.access_token).jti == after.jti


def issued_at(minted: tokens.Minted) -> int:
    return int(IssuedToken.objects.get(jti=minted.jti).issued_at.timestamp())


def test_a_kill_never_moves_backwards() -> None:
    bot = made.identity(tokens_revoked_at=timezone.now() + timedelta(seconds=3))
    later = bot.tokens_revoked_at
    assert tokens.kill_tokens(bot, actor=made.SYSTEM) == later


def test_a_token_of_an_identity_that_was_stopped_is_dead_without_any_kill() -> None:
    bot = made.identity()
    token = mint(bot)
    made.stop(bot)
    revocations.forget()
    assert refusal_of(token.access_token) == "revoked"


def test_a_token_of_an_identity_that_is_back_is_taken_at_once() -> None:
    bot = made.identity()
    made.stop(bot)
    revocations.forget()
    assert refusal_of(mint_as_if_active(bot).access_token) == "revoked"
    made.stop(bot, State.ACTIVE)
    assert verify_access_token(mint(bot).access_token).identity_id == bot.id


def mint_as_if_active(bot: ManagedIdentity) -> tokens.Minted:
    return tokens.mint(
        ManagedIdentity(**{**facts_of(bot), "state": State.ACTIVE.value}), scope="roles", at=timezone.now()
    )


def facts_of(bot: ManagedIdentity) -> dict:
    return {field.attname: getattr(bot, field.attname) for field in ManagedIdentity._meta.concrete_fields}


def test_a_token_of_an_identity_past_its_end_is_dead() -> None:
    bot = made.identity()
    token = mint(bot)
    ManagedIdentity.objects.filter(pk=bot.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    revocations.forget()
    assert refusal_of(token.access_token) == "revoked"


def test_another_process_sees_a_kill_within_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    bot = made.identity()
    token = mint(bot)
    elsewhere, clock = RevocationCache(), [1000.0]
    monkeypatch.setattr(room.time, "monotonic", lambda: clock[0])
    at = issued_at(token)
    assert not elsewhere.is_revoked(token.jti, bot.id, at)
    tokens.kill_tokens(bot, actor=made.SYSTEM)
    clock[0] += 2.0
    assert elsewhere.is_revoked(token.jti, bot.id, at)


def test_a_request_asks_no_query_of_its_own(django_assert_num_queries) -> None:
    token = mint(made.identity())
    verify_access_token(token.access_token)
    with django_assert_num_queries(0):
        for _ in range(20):
            verify_access_token(token.access_token)


def test_an_outage_is_borne_for_seconds_and_never_answered_with_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    cache, clock, bot = RevocationCache(), [1000.0], made.identity()
    monkeypatch.setattr(room.time, "monotonic", lambda: clock[0])
    assert not cache.is_revoked(uuid.uuid4(), bot.id, 0)

    def down(*_: object) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(room, "read_snapshot", down)
    clock[0] += 3.0
    assert not cache.is_revoked(uuid.uuid4(), bot.id, 0)
    clock[0] += 2.0
    with pytest.raises(Unavailable):
        cache.is_revoked(uuid.uuid4(), bot.id, 0)


def test_rows_that_ended_long_ago_are_removed_oldest_first_and_no_others() -> None:
    bot, now = made.identity(), timezone.now()
    ends = [now - timedelta(days=3), now - timedelta(days=2), now - timedelta(hours=1), now + timedelta(hours=1)]
    rows = [
        IssuedToken.objects.create(
            identity=bot, kid="k", scope="roles", issued_at=end - timedelta(hours=1), expires_at=end
        )
        for end in ends
    ]
    assert tokens.remove_ended(now, limit=1) == 1
    assert not IssuedToken.objects.filter(pk=rows[0].pk).exists()
    assert tokens.remove_ended(now) == 1
    assert set(IssuedToken.objects.all()) == set(rows[2:])
    assert tokens.remove_ended(now) == 0


def test_the_list_leaves_out_what_ended_by_itself() -> None:
    bot, now = made.identity(), timezone.now()
    long_ago = now - timedelta(days=2)
    IssuedToken.objects.create(
        identity=bot,
        kid="k",
        scope="roles",
        issued_at=long_ago,
        expires_at=now - timedelta(days=1),
        revoked_at=long_ago,
    )
    ManagedIdentity.objects.filter(pk=bot.pk).update(tokens_revoked_at=long_ago)
    snapshot = selectors.stops(now)
    assert not snapshot.tokens
    assert not snapshot.epochs
