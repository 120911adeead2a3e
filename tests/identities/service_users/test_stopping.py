"""The account of a service user follows its row, for whoever may govern accounts."""

import pytest

from identities.errors import Refused
from identities.inventory.models import ManagedIdentity
from identities.inventory.subjects import actor_of
from identities.lifecycle import services as lifecycle
from identities.people import services as accounts
from identities.people.actors import actor_of as actor_of_user
from identities.people.models import User
from tests.factories import people, register

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("is_agent", [True, False])
def test_a_managed_identity_that_may_write_the_register_lets_nobody_sign_in_again(is_agent):
    admin = people.person()
    user = accounts.create_user(
        tenant=admin.tenant,
        email="reports-agent@aegis.example",
        role="ADMIN",
        is_agent=is_agent,
        actor=actor_of_user(admin),
    )
    lifecycle.disable_person(user, reason="Its password leaked", actor=actor_of_user(admin))
    row = ManagedIdentity.objects.get(account=user)
    machine = register.identity(admin.tenant, name="writer")
    with pytest.raises(Refused):
        lifecycle.enable(row, reason="Let me in", actor=actor_of(machine))
    assert not User.objects.get(pk=user.pk).is_active
    row.refresh_from_db()
    assert row.state == "disabled"
    lifecycle.enable(row, reason="It has a new one", actor=actor_of_user(admin))
    assert User.objects.get(pk=user.pk).is_active
