"""A service user at work shows in the register."""

import pytest

from identities.inventory import usage
from identities.inventory.models import ManagedIdentity
from identities.people.actors import actor_of
from identities.people.services import create_user
from identities.service_users import using
from tests.factories import people

pytestmark = pytest.mark.django_db


def test_a_person_and_an_account_without_a_row_are_passed_over():
    person = people.person()
    using.note(person)
    using.note(people.agent(of=person.tenant))
    usage.flush()
    assert not ManagedIdentity.objects.exists()


def test_each_call_moves_the_rows_last_use_and_only_the_first_asks(django_assert_num_queries):
    admin = people.person()
    user = create_user(tenant=admin.tenant, email="a-agent@example.com", is_agent=True, actor=actor_of(admin))
    using.note(user)
    with django_assert_num_queries(0):
        using.note(user)
    usage.flush()
    row = ManagedIdentity.objects.get(account=user)
    assert row.last_used_at is not None
    assert row.use_state == "used"
