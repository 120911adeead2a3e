"""Making one's own account: closed, but for an empty house and where the setting allows it."""

import threading

import pytest
from django.db import connection

from identities.errors import Invalid
from identities.people import services as people
from identities.people.models import PortalRole, Tenant, User
from identities.people.services import RegistrationClosed
from tests.factories import people as cast

pytestmark = pytest.mark.django_db


def register(email="ada@example.com", password=cast.PASSWORD):
    return people.register_user(email=email, password=password, first_name="Ada", last_name="Lovelace")


def test_nobody_makes_their_own_account_where_there_is_somebody():
    cast.person()
    with pytest.raises(RegistrationClosed):
        register()
    with pytest.raises(RegistrationClosed):  # whatever they send: what is there is not to be found out
        register(email="nonsense", password="x")
    assert User.objects.count() == 1


def test_the_first_in_an_empty_house_is_a_reader_and_no_administrator():
    user = register(email=" Ada@Example.com ")
    assert (user.role, user.is_platform_admin, user.is_agent) == (PortalRole.READ_ONLY, False, False)
    assert (user.email, user.tenant.name) == ("ada@example.com", "Main")
    with pytest.raises(RegistrationClosed):
        register("eve@example.com")


def test_where_the_setting_allows_it_the_tenant_is_the_first_admins_and_an_agents_address_makes_no_agent(settings):
    settings.STEWARD_ALLOW_REGISTER = True
    settings.STEWARD_DEFAULT_USER_ROLE = "ADMIN"
    Tenant.objects.create(name="Demo", slug="demo", is_demo=True)
    admin = cast.person()
    user = register("reports-agent@example.com")
    assert (user.tenant_id, user.is_agent, user.role) == (admin.tenant_id, False, PortalRole.READ_ONLY)


def test_the_rules_of_addresses_and_passwords_hold_here_too(settings):
    settings.STEWARD_ALLOW_REGISTER = True
    taken = cast.person()
    for facts, member in (({"email": taken.email.upper()}, "email"), ({"password": "short"}, "password")):
        with pytest.raises(Invalid) as refused:
            register(**facts)
        assert member in refused.value.errors


@pytest.mark.django_db(transaction=True)
def test_of_two_who_come_at_once_to_an_empty_house_one_is_the_first():
    start, outcomes = threading.Barrier(2), []

    def come(email):
        start.wait()
        try:
            register(email)
            outcomes.append("in")
        except Exception as error:  # noqa: BLE001 - the second may also find the tenant being made
            outcomes.append(type(error).__name__)
        finally:
            connection.close()

    both = [threading.Thread(target=come, args=(f"person{number}@example.com",)) for number in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert outcomes.count("in") == 1
    assert User.objects.count() == 1
