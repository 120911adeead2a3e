"""Passwords checked, sessions begun and carried on."""

import threading
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from structlog.testing import capture_logs

from audit import context
from audit.models import AuditEvent
from identities import throttle
from identities.people import passwords, refresh_tokens, services as people, sign_in, tries
from identities.people.models import PortalRole, RefreshToken, User
from identities.people.refresh_tokens import Claims
from identities.people.sign_in import RefreshFailed
from tests.factories import people as cast

pytestmark = pytest.mark.django_db


def failure(text):
    with pytest.raises(RefreshFailed) as refused:
        sign_in.refresh(text)
    return refused.value.reason


@pytest.fixture
def hashes(monkeypatch):
    """Counts how often a password is hashed, whoever asks."""
    spent = []
    verify = passwords.check_password

    def count(*given, **more):
        spent.append(1)
        return verify(*given, **more)

    for module in (passwords, sign_in):
        monkeypatch.setattr(module, "check_password", count)
    return spent


@pytest.mark.parametrize("case", ["unknown", "wrong", "disabled", "without a password"])
def test_every_refused_sign_in_costs_one_hash_and_looks_the_same(case, hashes):
    spoilt: dict[str, dict[str, Any]] = {"disabled": {"is_active": False}, "without a password": {"password": "!x"}}
    user = cast.person(**spoilt.get(case, {}))
    email = "nobody@example.com" if case == "unknown" else user.email
    assert sign_in.check(email, "Wrong-Horse-9" if case == "wrong" else cast.PASSWORD) is None
    assert len(hashes) == 1


def test_the_right_password_signs_in_however_the_address_is_written(hashes):
    user = cast.person(email="ada@example.com")
    assert sign_in.check("  ADA@Example.com", cast.PASSWORD) == user
    assert len(hashes) == 1


def test_a_password_of_older_hashing_is_hashed_anew_at_sign_in(settings):
    user = cast.person(password=make_password(cast.PASSWORD))
    old = user.password
    settings.PASSWORD_HASHERS = ["identities.people.passwords.Argon2", *settings.PASSWORD_HASHERS]
    assert sign_in.check(user.email, cast.PASSWORD) == user
    assert User.objects.get(pk=user.pk).password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert User.objects.get(pk=user.pk).password != old


def test_a_sign_in_is_recorded_and_leaves_no_text_of_the_token_at_rest():
    user = cast.person()
    session = sign_in.open_session(user)
    row = RefreshToken.objects.get()
    assert row.token_hash == refresh_tokens.digest(session.refresh_token)
    assert session.refresh_token not in str(list(RefreshToken.objects.values()))
    assert AuditEvent.objects.get().type == "user.signed_in"
    assert User.objects.get(pk=user.pk).last_login is not None
    assert session.refresh_token not in repr(session)


def test_a_service_users_token_is_recorded_as_document_2_has_it():
    agent = cast.agent()
    session = sign_in.open_session(agent)
    event = AuditEvent.objects.get(type="user.token_issued")
    issued = event.changes["serviceToken"]
    assert event.actor_kind == "service_user"
    assert {"previous": None, "current": "issued", "source": "login"}.items() <= issued.items()
    assert issued["refreshTokenId"] == str(session.refresh_id)
    sign_in.refresh(session.refresh_token)
    newest = AuditEvent.objects.filter(type="user.token_issued").latest("id")
    assert newest.changes["serviceToken"]["source"] == "refresh"


def test_a_refresh_token_works_once_and_its_second_use_ends_the_family():
    session = sign_in.open_session(cast.person())
    second = sign_in.refresh(session.refresh_token)
    assert failure(session.refresh_token) == "refresh-id-mismatch"
    assert failure(second.refresh_token) == "token-invalidated"


def test_another_session_of_the_same_person_lives_on():
    user = cast.person()
    stolen, other = sign_in.open_session(user), sign_in.open_session(user)
    sign_in.refresh(stolen.refresh_token)
    failure(stolen.refresh_token)
    assert sign_in.refresh(other.refresh_token).user == user


@pytest.mark.parametrize("text", ["", "srt_", "srt_x.y", "nonsense", "srt_" + "a" * 700, "srt_ümlaut.x", "srt_e30."])
def test_a_text_that_is_not_ours_fails_verification_and_fills_no_audit(text):
    assert failure(text) == "verification-failed"
    assert not AuditEvent.objects.exists()


def test_a_changed_letter_fails_verification():
    text = sign_in.open_session(cast.person()).refresh_token
    assert failure(text.replace("srt_ey", "srt_fy", 1)) == "verification-failed"
    assert failure(text[:-2] + ("AA" if text[-2:] != "AA" else "BB")) == "verification-failed"


def test_a_token_past_its_end_fails_verification(settings):
    text = sign_in.open_session(cast.person()).refresh_token
    with time_machine.travel(timezone.now() + timedelta(seconds=settings.AUTH_REFRESH_TOKEN_TTL + 1)):
        assert failure(text) == "verification-failed"


def test_our_signature_over_a_body_without_its_members_is_an_invalid_payload():
    payload = refresh_tokens._encode(b'{"sub":1}')
    text = f"srt_{payload}.{refresh_tokens._encode(refresh_tokens._mac(payload))}"
    assert failure(text) == "invalid-payload"


def test_a_token_without_its_row_misses_its_state():
    user = cast.person()
    text = refresh_tokens.write(Claims(user.pk, uuid4(), timezone.now() + timedelta(hours=1)))
    assert failure(text) == "missing-refresh-state"


def test_a_text_other_than_the_one_that_rests_is_a_hash_mismatch():
    session = sign_in.open_session(cast.person())
    row = RefreshToken.objects.get()
    twin = refresh_tokens.write(Claims(row.user_id, row.pk, row.expires_at))
    assert failure(twin) == "hash-mismatch"
    assert failure(session.refresh_token) == "token-invalidated"


def test_a_new_password_and_a_disabled_account_each_have_their_reason():
    user = cast.person(role=PortalRole.ANALYST)
    before = sign_in.open_session(user)
    people.set_password(user, password="Another-Horse-2", actor=cast.SYSTEM)
    assert failure(before.refresh_token) == "password-rotated"
    after = sign_in.open_session(user)
    people.disable_user(user, reason="left", actor=cast.SYSTEM)
    assert failure(after.refresh_token) == "token-invalidated"


def test_a_failed_refresh_is_recorded_and_logged_as_document_2_has_it():
    agent = cast.agent()
    session = sign_in.open_session(agent)
    sign_in.refresh(session.refresh_token)
    with capture_logs() as logs:
        failure(session.refresh_token)
    metadata = {"refreshTokenId": str(session.refresh_id), "cause": "replayed"}
    assert {"event": "auth.refresh.failure", "userId": str(agent.pk), "metadata": metadata}.items() <= logs[0].items()
    assert logs[0]["reason"] == "refresh-id-mismatch"
    event = AuditEvent.objects.get(type="user.refresh_failed")
    assert event.outcome == "failure"
    change = event.changes["refreshToken"]
    assert (change["previous"], change["current"]) == ("active", "invalidated")
    assert change["reason"] == "refresh-id-mismatch"
    assert change["metadata"] == metadata


@pytest.mark.parametrize(
    ("email", "label"), [("Nobody@example.com", "nobody@example.com"), ("My-Password-1", "not an address")]
)
def test_a_refused_sign_in_is_recorded_by_the_address_that_was_claimed(email, label):
    sign_in.record_refusal(email)
    event = AuditEvent.objects.get()
    assert (event.type, event.outcome, event.actor_kind) == ("user.sign_in_refused", "denied", "anonymous")
    assert (event.subject_label, event.tenant_id) == (label, None)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_come_with_one_token_at_once_one_gets_in():
    text = sign_in.open_session(cast.person()).refresh_token
    outcomes = []
    start = threading.Barrier(2)

    def come():
        start.wait()
        try:
            sign_in.refresh(text)
            outcomes.append("in")
        except RefreshFailed as refused:
            outcomes.append(refused.reason)
        finally:
            connection.close()

    both = [threading.Thread(target=come) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(outcomes) == ["in", "refresh-id-mismatch"]


def test_a_refresh_is_on_record_and_a_sign_in_to_the_admin_shows_on_the_account():
    user = cast.person()
    sign_in.record_entry(user, source="admin")
    assert User.objects.get(pk=user.pk).last_login is not None
    session = sign_in.refresh(sign_in.open_session(user).refresh_token)
    event = AuditEvent.objects.get(type="user.session_continued")
    assert event.actor_id == str(user.pk)
    assert session.refresh_token not in repr(vars(event))


def knock(address, email="nobody@example.com", password="Wrong-Horse-9"):
    with context.bound(address=address):
        return sign_in.check(email, password)


@pytest.mark.parametrize(
    ("address", "same", "other"),
    [
        ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1", "::ffff:192.0.2.2"),
    ],
)
def test_a_hundred_failures_a_minute_shut_an_address_before_anything_is_hashed(address, same, other, hashes):
    user = cast.person()
    for number in range(tries.FAILURES_A_MINUTE):
        knock(address, f"person-{number}@example.com")
    spent = len(hashes)
    for email, password in (("new@example.com", "Wrong-Horse-9"), (user.email, cast.PASSWORD)):
        with pytest.raises(tries.TooManyTries) as shut:
            knock(same, email, password)
        assert 1 <= shut.value.seconds <= 60
    assert len(hashes) == spent
    assert knock(other, user.email, cast.PASSWORD) == user
    throttle.forget()
    cache.clear()  # the minute is over
    assert knock(address, user.email, cast.PASSWORD) == user


def test_right_passwords_are_not_counted_against_their_address():
    user = cast.person()
    for _ in range(tries.FAILURES_A_MINUTE + 1):
        assert knock("192.0.2.1", user.email, cast.PASSWORD) == user


def test_outside_of_a_request_nobody_is_counted():
    for _ in range(tries.FAILURES_A_MINUTE + 1):
        assert knock("") is None


def test_a_flood_of_refusals_is_summed_up_and_leaves_room_for_a_known_account(monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(throttle.time, "monotonic", lambda: clock[0])
    user = cast.person()
    for number in range(25):
        sign_in.record_refusal(f"stranger-{number}@example.com")
    sign_in.record_refusal(user.email)
    recorded = AuditEvent.objects.filter(type="user.sign_in_refused")
    assert recorded.count() == 20 + 1
    clock[0] += throttle.WINDOW_SECONDS
    sign_in.record_refusal("later@example.com")
    assert recorded.latest("id").details == {"source": "login", "unrecorded_before": 5}
