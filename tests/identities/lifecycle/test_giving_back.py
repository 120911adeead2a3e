"""What was ended and is undone: to the old end, and never more than there was."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor
from identities.access import services as access
from identities.access.models import RoleBinding
from identities.inventory.models import ManagedIdentity
from identities.lifecycle.giving_back import give_back
from tests.factories import register

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("tests")
DAY = timedelta(days=1)


@pytest.fixture
def bot() -> ManagedIdentity:
    return register.identity(register.tenant())


def ended(bot: ManagedIdentity, **facts: object) -> RoleBinding:
    role = register.role(bot.tenant, "run.read")
    made = access.grant(bot, role, valid_until=timezone.now() + DAY, reason="Reports", actor=SYSTEM)
    access.end_binding(made, reason="x", actor=SYSTEM)
    RoleBinding.objects.filter(pk=made.pk).update(**facts)
    return RoleBinding.objects.get(pk=made.pk)


def standing(bot: ManagedIdentity) -> list[RoleBinding]:
    return list(RoleBinding.objects.standing(timezone.now()).filter(identity=bot))


def test_what_has_run_out_was_an_elevation_or_never_gave_anything_stays_ended(bot: ManagedIdentity):
    start = timezone.now() - 2 * DAY
    rows = [
        ended(bot, valid_from=start, valid_until=timezone.now() - timedelta(seconds=1)),
        ended(bot, is_elevation=True),
        ended(bot, awaits_approval=True),
    ]
    assert give_back(bot, [row.pk for row in rows], why="Undone", actor=SYSTEM) == 0
    assert standing(bot) == []


def test_what_still_stands_or_was_granted_anew_is_not_doubled(bot: ManagedIdentity):
    row = ended(bot)
    anew = access.grant(bot, row.role, valid_until=row.valid_until, reason="x", actor=SYSTEM)
    assert give_back(bot, [row.pk, anew.pk], why="Undone", actor=SYSTEM) == 0
    assert standing(bot) == [anew]


def test_anothers_binding_is_not_given(bot: ManagedIdentity):
    other = register.identity(bot.tenant)
    assert give_back(bot, [ended(other).pk], why="Undone", actor=SYSTEM) == 0
    assert standing(bot) == []


def test_the_rest_comes_back_to_its_old_end_with_its_old_reason(bot: ManagedIdentity):
    row = ended(bot)
    assert give_back(bot, [str(row.pk)], why="Undone", actor=SYSTEM) == 1
    back = standing(bot)[0]
    assert (back.role_id, back.valid_until, back.reason) == (row.role_id, row.valid_until, "Undone: Reports")
