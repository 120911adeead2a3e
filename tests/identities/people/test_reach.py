"""Nobody comes by a reach they do not hold: not by a role they give, nor by an account they take over."""

import pytest

from identities.errors import Refused
from identities.people import services as people
from identities.people.actors import actor_of
from identities.people.models import PortalRole
from tests.factories import people as cast

pytestmark = pytest.mark.django_db

TAKING_OVER = [
    lambda user, actor: people.set_password(user, password="Another-Horse-1", actor=actor),
    lambda user, actor: people.change_user(user, email=f"mine-{user.pk}@example.com", actor=actor),
    lambda user, actor: people.change_user(user, must_reset_password=True, actor=actor),
    lambda user, actor: people.enable_user(user, actor=actor),
]


def wide(of):
    return [
        cast.platform_admin(of=of),
        cast.person(of=of, role=PortalRole.AUDITOR),
        cast.person(of=of, role=PortalRole.AUDITOR, is_active=False),
    ]


@pytest.mark.parametrize("command", TAKING_OVER)
def test_a_tenants_admin_does_not_take_over_an_account_that_reaches_beyond_the_tenant(command):
    tenant = cast.tenant()
    admin = cast.person(of=tenant)
    for user in wide(tenant):
        before = (user.email, user.password, user.is_active, user.must_reset_password)
        with pytest.raises(Refused):
            command(user, actor_of(admin))
        user.refresh_from_db()
        assert (user.email, user.password, user.is_active, user.must_reset_password) == before


def test_a_tenants_admin_neither_disables_nor_unmakes_a_platform_administrator():
    tenant = cast.tenant()
    admin, chief, _ = cast.person(of=tenant), cast.platform_admin(of=tenant), cast.platform_admin()
    with pytest.raises(Refused):
        people.disable_user(chief, reason="mine now", actor=actor_of(admin))
    with pytest.raises(Refused):
        people.change_user(chief, is_platform_admin=False, actor=actor_of(admin))
    chief.refresh_from_db()
    assert chief.is_active
    assert chief.is_platform_admin


def test_a_tenants_admin_makes_nobody_an_auditor_not_even_themselves():
    tenant = cast.tenant()
    admin, other = cast.person(of=tenant), cast.person(of=tenant)
    for user in (admin, other):
        with pytest.raises(Refused, match="every tenant"):
            people.set_role(user, role=PortalRole.AUDITOR, actor=actor_of(admin))
    with pytest.raises(Refused, match="every tenant"):
        people.create_user(tenant=tenant, email="eve@example.com", role="AUDITOR", actor=actor_of(admin))


def test_a_tenants_admin_shuts_out_and_demotes_an_auditor_of_the_tenant():
    tenant = cast.tenant()
    admin, first, second = cast.person(of=tenant), *(cast.person(of=tenant, role="AUDITOR") for _ in range(2))
    assert not people.disable_user(first, reason="left", actor=actor_of(admin)).is_active
    assert people.set_role(second, role="READ_ONLY", actor=actor_of(admin)).role == "READ_ONLY"


def test_ones_own_account_is_ones_own_whatever_its_reach():
    auditor = cast.person(role=PortalRole.AUDITOR)
    changed = people.set_password(auditor, password="Another-Horse-1", actor=actor_of(auditor))
    assert changed.check_password("Another-Horse-1")


@pytest.mark.parametrize("command", TAKING_OVER[:3])
def test_a_platform_administrator_governs_every_account(command):
    chief = cast.platform_admin()
    for user in wide(cast.tenant()):
        command(user, actor_of(chief))
    made = people.create_user(tenant=cast.tenant(), email="eve@example.com", role="AUDITOR", actor=actor_of(chief))
    assert made.role == PortalRole.AUDITOR
