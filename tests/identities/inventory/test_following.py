"""Who loses an owner is judged again."""

from typing import Any

import pytest
from django.utils import timezone

from identities.inventory import posture
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import services as lifecycle
from identities.people import services as people
from tests.factories import register

pytestmark = pytest.mark.django_db


def has_no_owner(row: ManagedIdentity) -> bool:
    posture.sweep(timezone.now())
    return "no_owner" in {reason["code"] for reason in ManagedIdentity.objects.get(pk=row.pk).triage_reasons}


@pytest.mark.parametrize("role", ["business_owner", "technical_owner", "deputy_owner"])
def test_an_owner_who_is_disabled_leaves_it_without_one(role: str) -> None:
    tenant = register.tenant()
    register.person(tenant)
    owner = register.person(tenant)
    named: dict[str, Any] = {role: owner.email}
    made = register.identity(tenant, **named)
    assert not has_no_owner(made)
    lifecycle.disable_person(owner, reason="left", actor=register.SYSTEM)
    assert has_no_owner(made)
    people.enable_user(owner, actor=register.SYSTEM)
    assert not has_no_owner(made)


def test_the_last_member_of_a_team_leaves_it_without_one() -> None:
    tenant = register.tenant()
    member = register.person(tenant)
    team = register.team(tenant)
    made = register.identity(tenant, owner_team=team.name)
    assert has_no_owner(made)
    people.add_member(team, member, actor=register.SYSTEM)
    assert not has_no_owner(made)
    people.remove_member(team, member, actor=register.SYSTEM)
    assert has_no_owner(made)


def test_a_member_who_is_disabled_is_none() -> None:
    tenant = register.tenant()
    register.person(tenant)
    member = register.person(tenant)
    made = register.identity(tenant, owner_team=register.team(tenant, member).name)
    lifecycle.disable_person(member, reason="left", actor=register.SYSTEM)
    assert has_no_owner(made)


def test_nobody_else_is_looked_at() -> None:
    tenant = register.tenant()
    register.person(tenant)
    owner, other = register.person(tenant), register.person(tenant)
    mine = register.identity(tenant, business_owner=owner.email)
    register.identity(tenant, business_owner=other.email)
    posture.sweep(timezone.now())
    lifecycle.disable_person(owner, reason="left", actor=register.SYSTEM)
    assert posture.sweep(timezone.now()) == [mine.pk]
