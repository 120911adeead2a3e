"""Whoever follows accounts hears of it, in the same transaction."""

import pytest

from audit.actors import Actor
from identities.errors import Conflict, Invalid
from identities.people import accounts, services
from identities.people.models import PortalRole, User
from tests.factories import people

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("tests")


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """What a follower is told: whose account, and whether it is new."""
    told: list[tuple[str, bool]] = []
    monkeypatch.setattr(accounts, "kinds", {})

    class Listener(accounts.AccountFollower):
        kind = "tests"

        def account_changed(self, user: User, *, actor: Actor, made: bool) -> None:
            told.append((user.email, made))

    return told


def test_what_is_refused_is_not_told(heard):
    with pytest.raises(Invalid):
        services.create_user(tenant=people.tenant(), email="nobody", actor=SYSTEM)
    member = people.person()
    heard.clear()
    with pytest.raises(Conflict):
        services.enable_user(member, actor=SYSTEM)
    with pytest.raises(Conflict):
        services.set_role(member, role=PortalRole.READ_ONLY, actor=SYSTEM)
    assert heard == []


def test_a_change_that_changes_nothing_is_not_told(heard):
    member = people.person()
    heard.clear()
    services.change_user(member, first_name=member.first_name, actor=SYSTEM)
    assert heard == []


def test_every_command_that_makes_or_changes_an_account_is_told(heard):
    tenant = people.tenant()
    people.person(of=tenant)
    heard.clear()
    user = services.create_user(tenant=tenant, email="ada@example.com", actor=SYSTEM)
    services.change_user(user, first_name="Ada", actor=SYSTEM)
    services.set_role(user, role=PortalRole.ANALYST, actor=SYSTEM)
    services.disable_user(user, reason="left", actor=SYSTEM)
    services.enable_user(user, actor=SYSTEM)
    assert heard == [("ada@example.com", True), *[("ada@example.com", False)] * 4]


def test_a_follower_that_raises_undoes_the_command(monkeypatch):
    monkeypatch.setattr(accounts, "kinds", {})

    class Broken(accounts.AccountFollower):
        kind = "tests"

        def account_changed(self, user: User, *, actor: Actor, made: bool) -> None:
            raise Conflict("not now")

    with pytest.raises(Conflict):
        services.create_user(tenant=people.tenant(), email="ada@example.com", actor=SYSTEM)
    assert not User.objects.filter(email="ada@example.com").exists()


def test_two_followers_of_one_name_are_refused(heard):
    with pytest.raises(TypeError):
        type("Other", (accounts.AccountFollower,), {"kind": "tests"})
