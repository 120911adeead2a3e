"""What people and service users do with their own account."""

import pytest
from django.core.cache import cache

from audit import context
from audit.models import AuditEvent
from identities import throttle
from identities.errors import Invalid
from identities.people import services as people, sign_in, tries
from identities.people.models import RefreshToken, User
from tests.factories import people as cast

pytestmark = pytest.mark.django_db
NEW = "Another-Horse-2"


def change(user, current=cast.PASSWORD, new=NEW):
    return people.change_own_password(user, current=current, new=new, actor=cast.SYSTEM)


def test_a_wrong_current_password_changes_nothing_and_is_on_record():
    user = cast.person()
    sign_in.open_session(user)
    with pytest.raises(Invalid) as refused:
        change(user, current="Wrong-Horse-9")
    assert refused.value.errors.keys() == {"current_password"}
    assert User.objects.get(pk=user.pk).password == user.password
    assert RefreshToken.objects.open().count() == 1
    event = AuditEvent.objects.get(type="user.sign_in_refused")
    assert (event.reason, event.details["source"]) == ("wrong_current_password", "password_change")


@pytest.mark.parametrize("new", ["short", "a" * 200, "correct-horse-1", cast.PASSWORD])
def test_a_new_password_that_will_not_do_is_named_as_the_new_one(new):
    user = cast.person()
    sign_in.open_session(user)
    with pytest.raises(Invalid) as refused:
        change(user, new=new)
    assert refused.value.errors.keys() == {"new_password"}
    assert RefreshToken.objects.open().count() == 1


def test_whoever_stole_a_session_does_not_find_out_the_password_by_trying():
    user = cast.person()
    with context.bound(address="192.0.2.1"):
        for _ in range(tries.FAILURES_OF_AN_ACCOUNT):
            with pytest.raises(Invalid):
                change(user, current="Wrong-Horse-9")
    with context.bound(address="192.0.2.2"), pytest.raises(tries.TooManyTries) as shut:
        change(user)
    assert 1 <= shut.value.seconds <= 60
    assert sign_in.check(user.email, cast.PASSWORD) == user  # the door itself is not shut by it
    change(cast.person())
    throttle.forget()
    cache.clear()  # the minute is over
    change(user)


def test_a_new_password_ends_every_session_and_settles_a_forced_reset():
    user = cast.agent()
    people.force_reset(user, actor=cast.SYSTEM)
    sign_in.open_session(user)
    changed = change(user)
    assert not changed.must_reset_password
    assert not RefreshToken.objects.open().exists()
    assert sign_in.check(user.email, cast.PASSWORD) is None
    assert sign_in.check(user.email, NEW) == user
    event = AuditEvent.objects.get(type="user.password_set")
    assert NEW not in repr(vars(event))
    assert cast.PASSWORD not in repr(vars(event))


def test_of_two_changes_with_one_current_password_the_second_is_refused():
    user = cast.person()
    seen = User.objects.get(pk=user.pk)
    change(user)
    with pytest.raises(Invalid) as refused:
        change(seen)
    assert "current_password" in refused.value.errors


def test_a_profile_edit_is_on_record_field_by_field():
    user = cast.person(first_name="Ada", last_name="Byron")
    people.change_own_profile(user, last_name="Lovelace", actor=cast.SYSTEM)
    event = AuditEvent.objects.get(type="user.changed")
    assert event.changes == {"last_name": {"previous": "Byron", "current": "Lovelace"}}


def test_no_edit_of_an_address_makes_a_service_user_or_lets_one_lose_its_address():
    person, agent = cast.person(), cast.agent()
    changed = people.change_own_profile(person, email="Backup-Agent@example.com", actor=cast.SYSTEM)
    assert (changed.email, changed.is_agent) == ("backup-agent@example.com", False)
    with pytest.raises(Invalid) as refused:
        people.change_own_profile(agent, email="ada@example.com", actor=cast.SYSTEM)
    assert "email" in refused.value.errors


def test_a_forced_reset_ends_every_session_and_says_why():
    user = cast.agent()
    sign_in.open_session(user)
    sign_in.open_session(user)
    people.force_reset(user, reason="its laptop was stolen", actor=cast.SYSTEM)
    assert User.objects.get(pk=user.pk).must_reset_password
    assert not RefreshToken.objects.open().exists()
    event = AuditEvent.objects.get(type="user.reset_forced")
    assert event.reason == "its laptop was stolen"
    assert event.changes == {"must_reset_password": {"previous": False, "current": True}}
    assert event.details == {"sessions_ended": 2}
