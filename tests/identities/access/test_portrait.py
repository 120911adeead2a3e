"""What an identity may do and read, as others agreed to it: the same until somebody changes it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from identities.access import secret_grants, services as access
from identities.access.models import RoleBinding
from identities.access.portrait import Bindings, SecretReferences
from identities.inventory.portrait.base import digest, portraits
from tests.factories import people as cast, register, runs, vaults

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def bot():
    return register.identity(cast.tenant(), name="harbour-bot")


def grant(to, *permissions, until=None, **facts):
    role = register.role(to.tenant, *permissions)
    end = until or timezone.now() + DAY
    return access.grant(to, role, valid_until=end, reason="its work", actor=cast.SYSTEM, **facts)


def bindings(of):
    return Bindings().of([of]).get(of.pk)


def test_what_stands_on_a_decision_of_its_own_is_no_part(bot):
    grant(bot, "run.read", is_elevation=True)
    assert bindings(bot) is None


def test_a_role_is_told_with_what_it_permits_and_its_end(bot):
    held = grant(bot, "run.read", "identity.read")
    assert bindings(bot) == [
        {
            "role": held.role.name,
            "permissions": ["identity.read", "run.read"],
            "valid_until": held.valid_until.isoformat(),
        }
    ]


def test_use_changes_nothing_and_a_wider_role_does(bot):
    held = grant(bot, "run.read")
    before = digest(bindings(bot))
    RoleBinding.objects.filter(pk=held.pk).update(last_used_at=timezone.now())
    assert digest(bindings(bot)) == before
    access.change_role(held.role, permissions=["run.read", "role.read"], actor=cast.SYSTEM)
    assert digest(bindings(bot)) != before


def test_what_ended_by_its_date_is_left_out_of_what_was_kept(bot):
    grant(bot, "run.read")
    kept = bindings(bot)
    assert Bindings().still(kept, timezone.now()) == kept
    assert Bindings().still(kept, timezone.now() + 2 * DAY) is None


def test_places_are_told_once_and_stay_when_a_grant_is_extended(bot):
    vaults.connection(of=bot.tenant)
    reference = runs.REFERENCE
    made = secret_grants.grant(bot, reference, valid_until=timezone.now() + DAY, reason="its work", actor=cast.SYSTEM)
    before = SecretReferences().of([bot])[bot.pk]
    assert before == [[reference["provider"], reference["vaultUri"], reference["secretName"]]]
    secret_grants.extend(made, valid_until=timezone.now() + 2 * DAY, reason="longer", actor=cast.SYSTEM)
    assert SecretReferences().of([bot])[bot.pk] == before
    secret_grants.end(made, reason="over", actor=cast.SYSTEM)
    assert SecretReferences().of([bot]) == {}


def test_many_cost_as_many_queries_as_one(bot):
    others = [register.identity(bot.tenant, name=f"bot {number}") for number in range(3)]
    for one in others:
        grant(one, "run.read")
    with CaptureQueriesContext(connection) as few:
        portraits([bot])
    with CaptureQueriesContext(connection) as many:
        portraits([bot, *others])
    assert len(many) == len(few) <= 5
