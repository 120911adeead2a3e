"""Refresh tokens that fail: the reason, the cause, what stands on the account, and many who come at once."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from structlog.testing import capture_logs

from audit.models import AuditEvent
from identities import throttle
from identities.errors import Invalid
from identities.people import refresh_tokens, services as people, sign_in
from identities.people.models import PortalRole, RefreshToken, User
from identities.people.refresh_reasons import Cause, RefreshReason, cause_of, reason_for
from identities.people.refresh_tokens import Claims
from identities.people.services import sessions
from identities.people.sign_in import RefreshFailed
from tests.factories import people as cast
from tests.factories.keys import A, B, id_of, process

pytestmark = pytest.mark.django_db


def failure(text):
    with pytest.raises(RefreshFailed) as refused:
        sign_in.refresh(text)
    return refused.value.reason


def recorded():
    """Reason and metadata of the last failure, as the audit has it."""
    change = AuditEvent.objects.filter(type="user.refresh_failed").latest("id").changes["refreshToken"]
    assert (change["previous"], change["current"]) == ("active", "invalidated")
    return change["reason"], change["metadata"]


def fails_with(session, reason, cause):
    assert failure(session.refresh_token) == reason
    assert recorded() == (reason, {"refreshTokenId": str(session.refresh_id), "cause": cause})


def test_a_token_past_its_end_is_on_record_for_its_user(settings):
    agent = cast.agent()
    session = sign_in.open_session(agent)
    with time_machine.travel(timezone.now() + timedelta(seconds=settings.AUTH_REFRESH_TOKEN_TTL + 1)):
        fails_with(session, "verification-failed", "expired")
    assert AuditEvent.objects.get(type="user.refresh_failed").actor_id == str(agent.pk)


def test_every_way_to_end_a_session_is_named_as_the_cause():
    user = cast.person(role=PortalRole.ANALYST)
    session = sign_in.open_session(user)
    people.change_own_password(user, current=cast.PASSWORD, new="Another-Horse-2", actor=cast.SYSTEM)
    fails_with(session, "password-rotated", "password-changed")
    session = sign_in.open_session(user)
    people.force_reset(user, reason="stolen", actor=cast.SYSTEM)
    fails_with(session, "token-invalidated", "reset-forced")
    session = sign_in.open_session(user)
    people.sign_out(user, family=session.family, actor=cast.SYSTEM)
    fails_with(session, "token-invalidated", "signed-out")
    session = sign_in.open_session(user)
    sign_in.refresh(session.refresh_token)
    fails_with(session, "refresh-id-mismatch", "replayed")
    session = sign_in.open_session(user)
    people.disable_user(user, reason="left", actor=cast.SYSTEM)
    fails_with(session, "token-invalidated", "account-disabled")


def test_what_came_of_a_replayed_token_ends_with_that_cause():
    session = sign_in.open_session(cast.person())
    second = sign_in.refresh(session.refresh_token)
    failure(session.refresh_token)
    fails_with(second, "token-invalidated", "replayed")


def test_an_account_disabled_behind_our_back_fails_all_the_same():
    user = cast.person(role=PortalRole.ANALYST)
    session = sign_in.open_session(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    fails_with(session, "token-invalidated", "account-disabled")


def test_a_token_of_a_disabled_account_without_its_row_is_on_record_too():
    user = cast.person(role=PortalRole.ANALYST, is_active=False)
    text = refresh_tokens.write(Claims(user.pk, uuid4(), timezone.now() + timedelta(hours=1)))
    assert failure(text) == "missing-refresh-state"
    assert recorded()[0] == "missing-refresh-state"


@pytest.mark.parametrize(
    ("resting", "reason", "cause"),
    [
        ("password-rotated", "password-rotated", ""),  # as older versions left it
        ("token-invalidated", "token-invalidated", ""),
        ("password-changed", "password-rotated", "password-changed"),
        ("hash-mismatch", "token-invalidated", ""),
        *((cause.value, "token-invalidated", cause.value) for cause in Cause if cause != Cause.PASSWORD_CHANGED),
    ],
)
def test_what_rests_on_an_ended_token_reads_as_reason_and_cause(resting, reason, cause):
    assert (reason_for(resting), cause_of(resting)) == (reason, cause)


def test_the_reasons_are_the_seven():
    assert {reason.value for reason in RefreshReason} == {
        "verification-failed", "invalid-payload", "missing-refresh-state", "token-invalidated", "password-rotated",
        "refresh-id-mismatch", "hash-mismatch",
    }  # fmt: skip


def test_the_account_says_since_when_and_why_and_forgets_it_with_the_next_success():
    agent = cast.agent()
    session = sign_in.open_session(agent)
    people.sign_out(agent, family=session.family, actor=cast.SYSTEM)
    failure(session.refresh_token)
    first = User.objects.get(pk=agent.pk)
    assert first.refresh_invalidated_reason == "token-invalidated"
    failure(session.refresh_token)
    agent.refresh_from_db()
    assert agent.refresh_invalidated_at == first.refresh_invalidated_at  # since when, not when last
    again = sign_in.open_session(agent)
    agent.refresh_from_db()
    assert (agent.refresh_invalidated_at, agent.refresh_invalidated_reason) == (None, "")
    failure(session.refresh_token)
    sign_in.refresh(again.refresh_token)
    agent.refresh_from_db()
    assert agent.refresh_invalidated_at is None


def test_a_flood_of_one_old_token_is_refused_each_time_and_summed_up_in_the_record(monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(throttle.time, "monotonic", lambda: clock[0])
    session = sign_in.open_session(cast.agent())
    people.sign_out(session.user, family=session.family, actor=cast.SYSTEM)
    with capture_logs() as logs:
        assert {failure(session.refresh_token) for _ in range(25)} == {"token-invalidated"}
    assert [line["event"] for line in logs] == ["auth.refresh.failure"] * 25
    rows = AuditEvent.objects.filter(type="user.refresh_failed")
    assert rows.count() == 20
    failure(sign_in_elsewhere())
    assert rows.count() == 21
    clock[0] += throttle.WINDOW_SECONDS
    failure(session.refresh_token)
    assert rows.latest("id").details == {"unrecorded_before": 5}


def sign_in_elsewhere():
    """A token of somebody else's that has ended."""
    session = sign_in.open_session(cast.agent())
    people.sign_out(session.user, everywhere=True, actor=cast.SYSTEM)
    return session.refresh_token


def test_the_log_says_who_why_and_what_is_known_and_nothing_secret():
    session = sign_in.open_session(cast.agent())
    people.force_reset(session.user, actor=cast.SYSTEM)
    with capture_logs() as logs:
        failure(session.refresh_token)
    metadata = {"refreshTokenId": str(session.refresh_id), "cause": "reset-forced"}
    assert logs == [
        {
            "event": "auth.refresh.failure",
            "log_level": "warning",
            "userId": str(session.user.pk),
            "reason": "token-invalidated",
            "metadata": metadata,
        }
    ]
    assert session.refresh_token not in str(logs)


def test_somebody_elses_refresh_token_signs_nobody_out():
    user, other = cast.person(), cast.person()
    theirs = sign_in.open_session(other)
    for text in (theirs.refresh_token, "nonsense"):
        with pytest.raises(Invalid) as refused:
            people.sign_out(user, refresh_token=text, actor=cast.SYSTEM)
        assert "refresh_token" in refused.value.errors
    assert people.sign_out(user, family=theirs.family, actor=cast.SYSTEM) == 0
    assert sign_in.refresh(theirs.refresh_token).user == other


def test_signing_out_ends_the_session_that_is_named_or_all_of_them():
    user = cast.person()
    first, second, third = (sign_in.open_session(user) for _ in range(3))
    assert people.sign_out(user, refresh_token=first.refresh_token, actor=cast.SYSTEM) == 1
    assert failure(first.refresh_token) == "token-invalidated"
    second = sign_in.refresh(second.refresh_token)
    assert people.sign_out(user, everywhere=True, actor=cast.SYSTEM) == 2
    assert {failure(second.refresh_token), failure(third.refresh_token)} == {"token-invalidated"}
    assert AuditEvent.objects.filter(type="user.signed_out").latest("id").details == {"sessions_ended": 2}


def test_rows_go_long_after_their_tokens_have_ended_and_no_token_works_for_it(settings):
    agent = cast.agent()
    old = sign_in.open_session(agent)
    later = timezone.now() + timedelta(seconds=settings.AUTH_REFRESH_TOKEN_TTL) + sessions.KEPT_FOR
    with time_machine.travel(later - timedelta(minutes=1)):
        young = sign_in.open_session(agent)
        assert sessions.remove_ended(timezone.now()) == 0
    with time_machine.travel(later + timedelta(minutes=1)):
        assert sessions.remove_ended(timezone.now()) == 1
        assert failure(old.refresh_token) == "verification-failed"
        assert sign_in.refresh(young.refresh_token).user == agent


def test_a_refresh_takes_a_pinned_number_of_queries(django_assert_num_queries):
    session = sign_in.open_session(cast.person())
    with django_assert_num_queries(7):  # a savepoint and its release among them
        sign_in.refresh(session.refresh_token)


@pytest.mark.django_db(transaction=True)
def test_of_fifty_who_come_with_one_token_at_once_one_gets_in():
    session = sign_in.open_session(cast.agent())
    outcomes, start = [], threading.Barrier(50)

    def come():
        start.wait()
        try:
            outcomes.append(sign_in.refresh(session.refresh_token).user.email)
        except RefreshFailed as refused:
            outcomes.append(refused.reason)
        finally:
            connection.close()

    crowd = [threading.Thread(target=come) for _ in range(50)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    counted = Counter(outcomes)
    assert counted.pop(session.user.email) == 1
    assert counted == {"refresh-id-mismatch": 49}
    assert RefreshToken.objects.filter(family=session.family).count() == 2
    assert AuditEvent.objects.filter(type="user.session_continued").count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_refresh_and_a_new_password_at_once_wait_for_each_other_and_leave_nothing_open():
    user = cast.person(role=PortalRole.ANALYST)
    for turn in range(8):
        old, new = f"Correct-Horse-{turn + 1}", f"Correct-Horse-{turn + 2}"
        texts = [sign_in.open_session(user).refresh_token for _ in range(4)]
        start = threading.Barrier(5)
        problems: list[Exception] = []

        def at_once(work, start=start, problems=problems):
            start.wait()
            try:
                work()
            except RefreshFailed:
                pass
            except Exception as error:  # noqa: BLE001 - a deadlock would be one of these
                problems.append(error)
            finally:
                connection.close()

        works: list[Callable[[], object]] = [partial(sign_in.refresh, text) for text in texts]
        works.append(partial(people.change_own_password, user, current=old, new=new, actor=cast.SYSTEM))
        crowd = [threading.Thread(target=at_once, args=(work,)) for work in works]
        for one in crowd:
            one.start()
        for one in crowd:
            one.join()
        assert problems == []
        assert not RefreshToken.objects.open().exists()


def test_a_session_of_the_former_key_goes_on_under_the_new_one_and_not_without_either():
    user = cast.person(role=PortalRole.ANALYST)
    with process(A):
        session, forgotten = sign_in.open_session(user), sign_in.open_session(user)
    with process(B):
        assert failure(session.refresh_token) == "verification-failed"
    with process(B, A):
        again = sign_in.refresh(session.refresh_token)
        assert failure(session.refresh_token) == "refresh-id-mismatch"
    with process(B):
        assert failure(forgotten.refresh_token) == "verification-failed"
        assert RefreshToken.objects.get(pk=again.refresh_id).digest_key == id_of(B)


def test_a_token_of_the_former_key_is_of_no_other_row():
    with process(A):
        session = sign_in.open_session(cast.agent())
    with process(B, A):
        RefreshToken.objects.filter(pk=session.refresh_id).update(token_hash=refresh_tokens.digest("another"))
        assert failure(session.refresh_token) == "hash-mismatch"
