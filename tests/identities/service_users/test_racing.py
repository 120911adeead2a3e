"""An account and its row, stopped from both sides at once: nobody waits in a ring, and in the end they agree."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from identities.errors import Conflict
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import services as lifecycle
from identities.people import services as accounts
from identities.people.actors import actor_of
from identities.people.models import User
from identities.service_users import services
from tests.factories import people

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def at_once(*works: Callable[[], object]) -> list[Exception]:
    """All of these at the same time; what went wrong beside a Conflict, which is an answer."""
    start, problems = threading.Barrier(len(works)), []

    def begin(work: Callable[[], object]) -> None:
        start.wait()
        try:
            work()
        except Conflict:
            pass
        except Exception as error:  # noqa: BLE001 - a deadlock would be one of these
            problems.append(error)
        finally:
            connection.close()

    crowd = [threading.Thread(target=begin, args=(work,)) for work in works]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    return problems


def test_stopped_from_both_sides_they_agree_and_nobody_deadlocks():
    admin = people.person()
    actor = actor_of(admin)
    user = accounts.create_user(tenant=admin.tenant, email="race-agent@example.com", is_agent=True, actor=actor)
    for _ in range(10):
        row = ManagedIdentity.objects.get(account=user)
        found = at_once(
            lambda row=row: lifecycle.disable(row, reason="From the register.", actor=actor),
            lambda: lifecycle.disable_person(User.objects.get(pk=user.pk), reason="From the account.", actor=actor),
        )
        assert found == []
        assert not User.objects.get(pk=user.pk).is_active
        row = ManagedIdentity.objects.get(account=user)
        assert row.state == "disabled"
        found = at_once(
            lambda row=row: lifecycle.enable(row, reason="From the register.", actor=actor),
            lambda: accounts.enable_user(User.objects.get(pk=user.pk), reason="From the account.", actor=actor),
        )
        assert found == []
        assert User.objects.get(pk=user.pk).is_active
        assert ManagedIdentity.objects.get(account=user).state == "active"


def test_two_workers_enter_an_account_once():
    tenant = people.tenant()
    for _ in range(6):
        people.agent(of=tenant)
    assert at_once(services.ensure_rows, services.ensure_rows, services.ensure_rows) == []
    assert ManagedIdentity.objects.filter(account__isnull=False).count() == 6
    assert ManagedIdentity.objects.count() == 6
