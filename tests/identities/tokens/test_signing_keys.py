"""The life of a signing key."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from audit.models import AuditEvent
from identities.errors import Conflict, Missing, Unavailable
from identities.jose import keys as jose_keys
from identities.tokens import services as tokens, signing_keys
from identities.tokens.keyring import PURPOSE, Keyring, keyring
from identities.tokens.models import SigningKey
from identities.tokens.verification import BadToken, verify_access_token
from identities.vaults import sealed_box
from tests.factories import tokens as made

pytestmark = pytest.mark.django_db
NOW_AT_ONCE = timedelta(0)


def rotate(announced_for: timedelta = NOW_AT_ONCE) -> SigningKey:
    return tokens.rotate_signing_key(actor=made.SYSTEM, announced_for=announced_for)


def test_a_second_active_key_is_refused_by_the_database() -> None:
    key = tokens.ensure_signing_key()
    with pytest.raises(IntegrityError), transaction.atomic():
        SigningKey.objects.create(kid="other", public_jwk={}, created_at=key.created_at, activated_at=key.activated_at)


def test_the_private_part_rests_sealed_and_opens_only_for_its_own_row() -> None:
    key = tokens.ensure_signing_key()
    private = jose_keys.from_der(sealed_box.open(key.sealed_private, PURPOSE, place=key.kid))
    assert jose_keys.public_jwk(private.public_key())["kid"] == key.kid
    assert not jose_keys.PRIVATE_MEMBERS & key.public_jwk.keys()
    with pytest.raises(sealed_box.CannotOpen):
        sealed_box.open(key.sealed_private, PURPOSE, place="another")


def test_the_first_start_makes_one_key_and_says_so() -> None:
    assert tokens.ensure_signing_key() == tokens.ensure_signing_key()
    assert AuditEvent.objects.filter(type="signing_key.created").count() == 1


def test_there_is_no_signer_before_there_is_a_key_and_minting_makes_one() -> None:
    with pytest.raises(Unavailable):
        Keyring().signer(timezone.now())
    assert signing_keys.current_signer(timezone.now()).kid == SigningKey.objects.get().kid


def test_a_rotation_is_announced_before_it_signs() -> None:
    old = tokens.ensure_signing_key()
    new = rotate(signing_keys.ANNOUNCED_FOR)
    now = timezone.now()
    assert keyring.signer(now).kid == old.kid
    assert set(keyring.public_keys()) == {old.kid, new.kid}
    assert keyring.signer(now + signing_keys.ANNOUNCED_FOR).kid == new.kid


def test_a_rotation_under_way_is_not_overtaken() -> None:
    tokens.ensure_signing_key()
    rotate(signing_keys.ANNOUNCED_FOR)
    with pytest.raises(Conflict):
        rotate()


def test_the_old_key_stays_published_until_its_tokens_have_ended() -> None:
    bot = made.identity()
    token = tokens.mint(bot, scope="roles", at=timezone.now())
    rotate()
    assert verify_access_token(token.access_token).jti == token.jti
    old = SigningKey.objects.get(retired_at__isnull=False)
    assert old.removed_after
    assert old.retired_at
    assert old.removed_after >= old.retired_at + timedelta(seconds=3600)
    SigningKey.objects.filter(pk=old.pk).update(removed_after=timezone.now() - timedelta(seconds=1))
    keyring.forget()
    with pytest.raises(BadToken) as refused:
        verify_access_token(token.access_token)
    assert refused.value.reason == "unknown_key"


def test_a_leaked_key_is_out_at_once_and_another_signs() -> None:
    bot = made.identity()
    token = tokens.mint(bot, scope="roles", at=timezone.now())
    leaked = SigningKey.objects.get()
    tokens.revoke_signing_key(leaked.kid, reason="found in a log", actor=made.SYSTEM)
    with pytest.raises(BadToken):
        verify_access_token(token.access_token)
    after = tokens.mint(bot, scope="roles", at=timezone.now())
    assert verify_access_token(after.access_token).jti == after.jti
    assert keyring.signer(timezone.now()).kid != leaked.kid
    leaked.refresh_from_db()
    assert leaked.sealed_private == ""
    assert AuditEvent.objects.get(type="signing_key.revoked").reason == "found in a log"


def test_when_the_key_leaks_during_a_rotation_the_announced_one_signs_at_once() -> None:
    old = tokens.ensure_signing_key()
    new = rotate(timedelta(minutes=1))
    tokens.revoke_signing_key(old.kid, reason="leaked", actor=made.SYSTEM)
    assert keyring.signer(timezone.now()).kid == new.kid


def test_a_key_is_revoked_once_and_only_if_it_exists() -> None:
    key = tokens.ensure_signing_key()
    with pytest.raises(Missing):
        tokens.revoke_signing_key("nobody", reason="x", actor=made.SYSTEM)
    tokens.revoke_signing_key(key.kid, reason="x", actor=made.SYSTEM)
    with pytest.raises(Conflict):
        tokens.revoke_signing_key(key.kid, reason="x", actor=made.SYSTEM)


def test_what_signs_no_more_is_wiped_and_what_signs_is_kept() -> None:
    tokens.ensure_signing_key()
    new = rotate()
    assert tokens.destroy_retired(timezone.now()) == 0
    assert tokens.destroy_retired(timezone.now() + timedelta(hours=1)) == 1
    assert SigningKey.objects.exclude(sealed_private="").get() == new


def test_the_key_object_is_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens.ensure_signing_key()
    ring, loads = Keyring(), []
    load = jose_keys.from_der
    monkeypatch.setattr(jose_keys, "from_der", lambda data: (loads.append(1), load(data))[1])
    for _ in range(5):
        ring.forget()
        ring.signer(timezone.now())
    assert len(loads) == 1


def test_a_process_that_did_not_rotate_notices_within_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens.ensure_signing_key()
    elsewhere, clock = Keyring(), [1000.0]
    monkeypatch.setattr("identities.tokens.keyring.time.monotonic", lambda: clock[0])
    elsewhere.signer(timezone.now())
    new = rotate()
    assert new.kid not in elsewhere.public_keys()
    clock[0] += 2.0
    assert elsewhere.signer(timezone.now()).kid == new.kid


def test_an_unknown_kid_asks_again_but_not_with_each_request(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries
) -> None:
    tokens.ensure_signing_key()
    elsewhere, clock = Keyring(), [1000.0]
    monkeypatch.setattr("identities.tokens.keyring.time.monotonic", lambda: clock[0])
    elsewhere.public_keys()
    new = rotate()
    with django_assert_num_queries(0):
        for _ in range(10):
            elsewhere.public_keys("forged")
    clock[0] += 0.5
    with django_assert_num_queries(1):
        for _ in range(10):
            assert new.kid in elsewhere.public_keys(new.kid)


def test_two_starts_at_once_end_with_one_key(monkeypatch: pytest.MonkeyPatch) -> None:
    winner = tokens.ensure_signing_key()
    answers = iter([None])
    active = signing_keys._active
    monkeypatch.setattr(signing_keys, "_active", lambda: next(answers, winner) or None)
    assert tokens.ensure_signing_key() == winner
    assert active() == winner
    assert connection.in_atomic_block
