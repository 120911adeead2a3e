"""Whoever follows people's standing hears of it, in the same transaction."""

from uuid import UUID

import pytest

from audit.actors import Actor
from identities.errors import Conflict
from identities.people import services, standing
from tests.factories import people

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("tests")


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, UUID]]:
    """What a follower is told."""
    told: list[tuple[str, UUID]] = []
    monkeypatch.setattr(standing, "kinds", {})

    class Listener(standing.StandingFollower):
        kind = "tests"

        def person_changed(self, user_id: UUID) -> None:
            told.append(("person", user_id))

        def team_changed(self, team_id: UUID) -> None:
            told.append(("team", team_id))

    return told


def test_what_is_refused_is_not_told(heard):
    member = people.person()
    team = people.team(of=member.tenant)
    with pytest.raises(Conflict):
        services.remove_member(team, member, actor=SYSTEM)
    with pytest.raises(Conflict):
        services.enable_user(member, actor=SYSTEM)
    assert heard == []


def test_coming_going_and_being_shut_out_are_told(heard):
    tenant = people.tenant()
    people.person(of=tenant)
    member = people.person(of=tenant)
    team = people.team(of=tenant)
    services.add_member(team, member, actor=SYSTEM)
    services.remove_member(team, member, actor=SYSTEM)
    services.disable_user(member, actor=SYSTEM, reason="left")
    services.enable_user(member, actor=SYSTEM)
    assert heard == [("team", team.pk), ("team", team.pk), ("person", member.pk), ("person", member.pk)]


def test_two_followers_of_one_name_are_refused(heard):
    with pytest.raises(TypeError):
        type("Other", (standing.StandingFollower,), {"kind": "tests"})
