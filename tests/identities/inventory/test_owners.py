"""Owners: as they are written, and when nobody is left."""

import pytest

from identities.errors import Invalid
from identities.inventory import owners
from identities.people.models import Tenant
from tests.factories import register

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


def test_a_foreign_person_reads_like_nobody(tenant: Tenant) -> None:
    stranger = register.person(register.tenant())
    with pytest.raises(Invalid) as refused:
        owners.resolve(str(stranger.pk), tenant_id=tenant.pk, member="business_owner")
    assert refused.value.errors == {"business_owner": ["There is no such person."]}
    assert owners.resolve(stranger.email, tenant_id=tenant.pk, member="business_owner").user is None


def test_a_service_user_owns_nothing(tenant: Tenant) -> None:
    agent = register.person(tenant, email="sync-agent@example.com", is_agent=True)
    with pytest.raises(Invalid):
        owners.resolve(agent.email, tenant_id=tenant.pk, member="technical_owner")


def test_somebody_who_left_owns_nothing(tenant: Tenant) -> None:
    gone = register.person(tenant, is_active=False)
    with pytest.raises(Invalid):
        owners.resolve(str(gone.pk), tenant_id=tenant.pk, member="technical_owner")


@pytest.mark.parametrize("written", [{"id": "dana"}, "x" * 255, {"label": "x" * 255}, "Dana\nand others", "Da\u202ena"])
def test_what_cannot_be_kept_as_written_is_refused_not_cut(tenant: Tenant, written: object) -> None:
    with pytest.raises(Invalid) as refused:
        owners.resolve(written, tenant_id=tenant.pk, member="business_owner")
    assert refused.value.errors.keys() == {"business_owner"}


@pytest.mark.parametrize("written", [7, ["a"], {"name": "Dana"}])
def test_other_shapes_are_refused(tenant: Tenant, written: object) -> None:
    with pytest.raises(Invalid):
        owners.resolve(written, tenant_id=tenant.pk, member="business_owner")


def test_an_id_an_address_and_an_object_find_the_same_person(tenant: Tenant) -> None:
    dana = register.person(tenant, email="dana@example.com")
    for written in (str(dana.pk), "Dana@Example.com ", {"id": str(dana.pk)}, dana):
        assert owners.resolve(written, tenant_id=tenant.pk, member="business_owner").user == dana


def test_free_text_is_a_label_and_no_owner(tenant: Tenant) -> None:
    made = register.identity(tenant, business_owner="The payroll people")
    assert (made.business_owner, made.business_owner_label) == (None, "The payroll people")
    assert not made.has_owner
    assert owners.is_ownerless(made)


def test_an_owner_is_taken_away_by_null(tenant: Tenant) -> None:
    dana = register.person(tenant)
    made = register.identity(tenant, business_owner=dana.email)
    owners_before = list(owners.owned_by(dana.pk))
    made.business_owner = None
    made.save()
    assert owners_before == [made]
    assert not owners.owned_by(dana.pk).exists()


def test_a_team_counts_while_a_member_is_there(tenant: Tenant) -> None:
    member = register.person(tenant)
    made = register.identity(tenant, owner_team=register.team(tenant, member).name)
    assert not owners.is_ownerless(made)
    member.is_active = False
    member.save()
    assert owners.is_ownerless(made)
