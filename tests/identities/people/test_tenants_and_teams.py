"""Tenants and teams."""

import pytest

from audit.models import AuditEvent
from identities.errors import Conflict, Invalid
from identities.people import services as people
from tests.factories import people as cast

pytestmark = pytest.mark.django_db


def test_a_tenants_name_is_unique_whatever_its_case():
    people.create_tenant(name="Acme", actor=cast.SYSTEM)
    with pytest.raises(Invalid) as refused:
        people.create_tenant(name=" ACME ", actor=cast.SYSTEM)
    assert refused.value.code == "name_taken"


def test_a_slug_is_made_from_the_name_and_steps_aside_for_one_that_is_taken():
    first = people.create_tenant(name="Acme Payroll", actor=cast.SYSTEM)
    second = people.create_tenant(name="Acme  payroll!", actor=cast.SYSTEM)
    nameless = people.create_tenant(name="株式会社", actor=cast.SYSTEM)
    assert [first.slug, second.slug, nameless.slug] == ["acme-payroll", "acme-payroll-2", "tenant"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 121])
def test_a_tenant_without_a_proper_name_is_refused(name):
    with pytest.raises(Invalid):
        people.create_tenant(name=name, actor=cast.SYSTEM)


def test_a_tenant_is_renamed_and_keeps_its_slug():
    tenant = people.create_tenant(name="Acme", actor=cast.SYSTEM)
    renamed = people.change_tenant(tenant, name="Acme Group", actor=cast.SYSTEM)
    assert (renamed.name, renamed.slug) == ("Acme Group", "acme")
    assert AuditEvent.objects.get(type="tenant.changed").changes["name"]["previous"] == "Acme"


def test_a_team_takes_only_people_of_its_tenant_and_each_once():
    team = cast.team()
    member, stranger = cast.person(of=team.tenant), cast.person()
    with pytest.raises(Invalid):
        people.add_member(team, stranger, actor=cast.SYSTEM)
    people.add_member(team, member, actor=cast.SYSTEM)
    with pytest.raises(Conflict):
        people.add_member(team, member, actor=cast.SYSTEM)
    assert AuditEvent.objects.get(type="team.member_added").details["email"] == member.email


def test_a_member_leaves_once():
    team = cast.team()
    member = cast.person(of=team.tenant)
    people.add_member(team, member, actor=cast.SYSTEM)
    people.remove_member(team, member, actor=cast.SYSTEM)
    with pytest.raises(Conflict):
        people.remove_member(team, member, actor=cast.SYSTEM)
    assert not team.members.exists()


def test_a_teams_name_is_unique_in_its_tenant_only():
    tenant = cast.tenant()
    people.create_team(tenant=tenant, name="Payroll", actor=cast.SYSTEM)
    with pytest.raises(Invalid):
        people.create_team(tenant=tenant, name="payroll", actor=cast.SYSTEM)
    assert people.create_team(tenant=cast.tenant(), name="payroll", actor=cast.SYSTEM).name == "payroll"


def test_a_team_is_changed_in_what_is_named_and_refuses_what_is_no_address():
    team = people.create_team(tenant=cast.tenant(), name="Payroll", email="Pay@Example.com", actor=cast.SYSTEM)
    assert team.email == "pay@example.com"
    changed = people.change_team(team, name="Payroll ops", actor=cast.SYSTEM)
    assert (changed.name, changed.email) == ("Payroll ops", "pay@example.com")
    with pytest.raises(Invalid):
        people.change_team(team, email="nowhere", actor=cast.SYSTEM)
