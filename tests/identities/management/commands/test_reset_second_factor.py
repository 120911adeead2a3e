"""The way back in for an administrator without anybody above."""

import pytest
from django.core.management import CommandError, call_command

from audit.models import AuditEvent
from identities.people import second_factor
from tests.factories import factors, people

pytestmark = pytest.mark.django_db
COMMAND = "reset_second_factor"


def test_nobody_with_that_address_and_nothing_to_reset_are_said():
    with pytest.raises(CommandError, match="Nobody signs in"):
        call_command(COMMAND, "nobody@example.com", reason="Lost.")
    with pytest.raises(CommandError, match="no second factor"):
        call_command(COMMAND, people.person().email, reason="Lost.")


def test_the_platform_administrator_gets_back_in_and_it_is_on_record(capsys):
    person = people.platform_admin()
    factors.with_app(person)
    call_command(COMMAND, person.email.upper(), reason="The phone is gone.")
    assert person.email in capsys.readouterr().out
    assert not second_factor.factors(person)
    event = AuditEvent.objects.get(type="user.second_factor_removed")
    assert (event.actor_kind, event.reason) == ("system", "The phone is gone.")
