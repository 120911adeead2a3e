"""Who is asked: owner, deputy, team, security; never oneself by one's own hand, never a machine or who left."""

from collections import Counter

import pytest

from audit.actors import Actor
from identities.people.models import User
from tests.factories import people
from tests.factories.reviews import Cast, launched

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return Cast()


def disabled(person: User) -> None:
    person.is_active = False
    person.save()


def test_the_owner_is_asked_before_all(cast) -> None:
    item = cast.item(cast.identity(business_owner=cast.deputy.email, deputy_owner=cast.deputy.email))
    assert item.reviewer == cast.owner
    assert [(entry["label"], entry["why"]) for entry in item.trail] == [(cast.owner.email, "Technical owner")]


def test_the_business_owner_then_the_deputy_stand_in(cast) -> None:
    disabled_owner = cast.identity(deputy_owner=cast.deputy.email)
    disabled(cast.owner)
    assert cast.item(disabled_owner).reviewer == cast.deputy


@pytest.mark.parametrize("role", ["READ_ONLY", "AUDITOR"])
def test_who_may_not_answer_is_passed_over(cast, role) -> None:
    cast.owner.role = role
    cast.owner.save()
    assert cast.item().reviewer == cast.admin


def test_a_team_shares_evenly_and_the_same_each_time(cast) -> None:
    members = [people.person(of=cast.tenant, role="ANALYST") for _ in range(3)]
    gone, machine = people.person(of=cast.tenant, role="ANALYST", is_active=False), people.agent(of=cast.tenant)
    team = people.team(*members, gone, machine, of=cast.tenant)
    for number in range(7):
        cast.identity(name=f"of the team {number}", technical_owner=None, owner_team=team.name)
    first, again = cast.launch(), cast.launch()
    spread = [
        list(one.items.order_by("identity__name").values_list("reviewer_label", flat=True)) for one in (first, again)
    ]
    assert spread[0] == spread[1]
    assert sorted(Counter(spread[0]).values()) == [2, 2, 3]
    assert set(spread[0]) == {one.email for one in members}


def test_nobody_named_leads_to_who_governs_also_if_he_made_it(cast) -> None:
    item = cast.item(cast.identity(technical_owner=None))
    assert item.reviewer == cast.admin
    assert item.trail[0]["why"] == "Governs the tenant"


def test_rule_team_passes_over_the_owner_in_the_team(cast) -> None:
    colleague = people.person(of=cast.tenant, role="ANALYST")
    team = people.team(cast.owner, colleague, of=cast.tenant)
    assert cast.item(cast.identity(owner_team=team.name), reviewer_rule="team").reviewer == colleague


def test_rule_team_without_another_member_asks_who_governs(cast) -> None:
    team = people.team(cast.owner, of=cast.tenant)
    assert cast.item(cast.identity(owner_team=team.name), reviewer_rule="team").reviewer == cast.admin


def test_rule_security_asks_nobody_for_his_own(cast) -> None:
    second, in_team = people.person(of=cast.tenant), people.person(of=cast.tenant)
    team = people.team(in_team, of=cast.tenant)
    item = cast.item(cast.identity(technical_owner=cast.admin.email, owner_team=team.name), reviewer_rule="security")
    assert item.reviewer == second


def test_rule_security_asks_nobody_where_everybody_has_it_as_his_own(cast) -> None:
    item = cast.item(cast.identity(technical_owner=cast.admin.email), reviewer_rule="security")
    assert (item.reviewer, item.reviewer_label) == (None, "")
    assert item.trail[0]["reviewer"] is None


def test_who_launches_a_campaign_is_not_asked_for_his_own(cast) -> None:
    own = cast.identity(technical_owner=cast.admin.email, deputy_owner=cast.deputy.email)
    assert cast.item(own).reviewer == cast.deputy
    other = people.person(of=cast.tenant)
    assert cast.item(own, by=other).reviewer == cast.admin


def test_nobody_is_asked_across_tenants(cast) -> None:
    elsewhere = people.person()
    own = cast.identity(technical_owner=None)
    own.technical_owner = elsewhere
    own.save()
    assert cast.item(own).reviewer == cast.admin


def test_a_campaign_of_the_system_is_nobodys_own(cast) -> None:
    own = cast.identity(technical_owner=cast.admin.email)
    campaign = launched(cast.tenant, Actor.system("plans", cast.tenant.pk))
    assert campaign.items.get(identity=own).reviewer == cast.admin
