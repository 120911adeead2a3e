"""Many hands at once: one replacement of an account begins, and each ends once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.access.models import Role
from identities.errors import Conflict
from identities.inventory.models import ManagedIdentity
from identities.people.models import Notice, User
from identities.service_users import ending, following
from identities.service_users.models import Replacement, ReplacementState
from tests.factories import people
from tests.factories.replacements import SYSTEM, begun, did, moved_over
from tests.scheduling.racing import race

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_many_beginnings_at_once_one_makes_something() -> None:
    agent = people.agent()
    did(agent, "identity.read")

    def begin(_: int) -> str:
        try:
            begun(agent)
        except Conflict as error:
            return error.code
        return "done"

    assert sorted(race(4, begin)) == ["done"] + ["replacement_going_on"] * 3
    assert (ManagedIdentity.objects.count(), Role.objects.count(), Replacement.objects.count()) == (1, 1, 1)


def test_of_many_followers_one_disables_and_tells() -> None:
    agent = people.agent()
    people.person(of=agent.tenant)
    made = begun(agent, quiet_hours=1)
    Replacement.objects.update(begun_at=timezone.now() - timedelta(hours=2))
    moved_over(made)
    assert sum(race(4, lambda _: following.follow(timezone.now()))) == 1
    assert not User.objects.get(pk=agent.pk).is_active
    assert AuditEvent.objects.filter(type="replacement.moved").count() == 1
    assert Notice.objects.filter(kind=ending.MOVED).count() == 1


def test_taken_back_and_followed_at_once_it_ends_one_way() -> None:
    agent = people.agent()
    made = begun(agent, quiet_hours=1)
    Replacement.objects.update(begun_at=timezone.now() - timedelta(hours=2))
    moved_over(made)

    def end(number: int) -> str:
        if number % 2:
            return "moved" if following.follow(timezone.now()) else "nothing"
        try:
            ending.cancel(made.replacement, reason="x", actor=SYSTEM, force=True)
        except Conflict as error:
            return error.code
        return "cancelled"

    said = race(4, end)
    state = Replacement.objects.get().state
    assert [word for word in said if word in {"moved", "cancelled"}] == [state]
    is_moved = state == ReplacementState.MOVED
    assert User.objects.get(pk=agent.pk).is_active is not is_moved
    assert (ManagedIdentity.objects.get(pk=made.identity.pk).state == "active") is is_moved
