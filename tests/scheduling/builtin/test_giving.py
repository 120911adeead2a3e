"""How tenants come to what is built in."""

from datetime import datetime
from unittest.mock import patch

import pytest

from identities.errors import Refused
from identities.people.models import Tenant
from scheduling.builtin import every, giving
from scheduling.builtin.agent_health import HEALTH_CHECK
from scheduling.builtin.giving import BuiltIn
from scheduling.models import Schedule, Workflow
from tests.factories import register

pytestmark = pytest.mark.django_db


def test_a_tenant_where_it_cannot_be_made_does_not_keep_the_others_waiting() -> None:
    strict, other = register.tenant(), register.tenant()
    give = giving.give

    def strictly(built_in: BuiltIn, tenant: Tenant, *, at: datetime) -> Schedule:
        if tenant == strict:
            raise Refused("Names begin with a letter here")
        return give(built_in, tenant, at=at)

    with patch.object(giving, "give", strictly):
        for _ in range(60):
            giving.ensure(HEALTH_CHECK, limit=1)
    assert Schedule.objects.get().tenant == other


def test_each_has_a_key_an_identity_and_a_place_of_its_own() -> None:
    for name in ("key", "name", "identity", "role", "secret_name"):
        assert len({getattr(built_in, name) for built_in in every.EVERY}) == len(every.EVERY)


def test_a_tenant_that_had_one_of_them_gets_the_other() -> None:
    tenant = register.tenant()
    giving.ensure(every.EVERY[0])
    assert every.ensure() == 1
    assert every.ensure() == 0
    assert set(Workflow.objects.filter(tenant=tenant).values_list("key", flat=True)) == {
        built_in.key for built_in in every.EVERY
    }


def test_nothing_missing_costs_a_query_each(django_assert_num_queries) -> None:
    register.tenant()
    every.ensure()
    with django_assert_num_queries(len(every.EVERY)):
        assert every.ensure() == 0
