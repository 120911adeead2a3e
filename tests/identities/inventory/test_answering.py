"""Who is told about an identity."""

from typing import Any

import pytest

from identities.inventory.answering import answer_for
from identities.inventory.models import ManagedIdentity
from identities.people.models import PortalRole, Tenant
from tests.factories import register

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


def test_neither_a_disabled_owner_nor_a_service_user_of_the_team_is_told(tenant: Tenant) -> None:
    admin = register.person(tenant)
    owner = register.person(tenant, PortalRole.ANALYST)
    agent = register.person(tenant, PortalRole.ANALYST, email="sync-agent@example.com", is_agent=True)
    identity = register.identity(tenant, business_owner=owner, owner_team=register.team(tenant, agent))
    owner.is_active = False
    owner.save()
    assert answer_for(ManagedIdentity.objects.get(pk=identity.pk)) == [admin]


def test_the_admins_of_another_tenant_are_never_told(tenant: Tenant) -> None:
    register.person(register.tenant())
    assert answer_for(register.identity(tenant)) == []


def test_owners_deputy_and_team_are_told_in_the_order_of_the_chain_each_once(tenant: Tenant) -> None:
    register.person(tenant)
    business, technical, deputy, member = (register.person(tenant, PortalRole.ANALYST) for _ in range(4))
    facts: dict[str, Any] = {"business_owner": business, "technical_owner": technical, "deputy_owner": deputy}
    identity = register.identity(tenant, owner_team=register.team(tenant, member, technical), **facts)
    assert answer_for(identity) == [technical, business, deputy, member]
