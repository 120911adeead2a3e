"""Who holds a schedule, and what belongs to it."""

import pytest

from identities.access.principal import Principal
from identities.people.models import PortalRole
from scheduling import selectors
from tests.factories import register, runs

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant():
    return register.tenant()


def held(person, schedule):
    return selectors.holds(Principal.person(person), schedule)


def test_who_may_operate_nothing_holds_nothing(tenant):
    for role in (PortalRole.READ_ONLY, PortalRole.AUDITOR):
        person = register.person(tenant, role)
        assert not held(person, runs.schedule(of=tenant, owner=person))


def test_an_admin_holds_the_tenants_and_no_others(tenant):
    admin = register.person(tenant)
    assert held(admin, runs.schedule(of=tenant))
    assert not held(admin, runs.schedule())


def test_the_platform_administrator_holds_every_one(tenant):
    assert held(register.person(tenant, is_platform_admin=True), runs.schedule())


def test_an_analyst_holds_what_is_theirs_or_their_teams(tenant):
    analyst = register.person(tenant, PortalRole.ANALYST)
    own = runs.schedule(of=tenant, owner=analyst)
    shared = runs.schedule(of=tenant, owner_team=register.team(tenant, analyst))
    foreign = runs.schedule(of=tenant, owner_team=register.team(tenant))
    assert [held(analyst, one) for one in (own, shared, foreign, runs.schedule(of=tenant))] == [
        True,
        True,
        False,
        False,
    ]
    assert set(selectors.schedules(None).filter(selectors.owned_by(analyst.pk))) == {own, shared}


def test_a_machine_holds_what_is_in_its_tenant(tenant):
    bot = Principal.machine(register.identity(tenant), permissions=["schedule.run"], role_names=[])
    assert selectors.holds(bot, runs.schedule(of=tenant))
    assert not selectors.holds(bot, runs.schedule())


def test_lists_leave_out_what_was_removed_and_what_is_elsewhere(tenant):
    kept = runs.schedule(of=tenant)
    runs.schedule(of=tenant, deleted_at=runs.NOON, next_run_at=None)
    runs.schedule()
    assert list(selectors.schedules([tenant.pk])) == [kept]
    assert list(selectors.workflows([])) == []
    assert list(selectors.schedules_of_identity(kept.managed_identity_id)) == [kept]


def test_a_run_knows_the_version_it_was_made_from(tenant):
    run = runs.run(runs.schedule(of=tenant))
    assert selectors.definition_of(run).definition["id"] == run.workflow_key
