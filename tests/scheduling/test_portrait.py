"""What runs as an identity by itself, as others agreed to it."""

import pytest

from identities.inventory.portrait.base import digest
from scheduling.models import Schedule
from scheduling.portrait import Schedules
from scheduling.services import schedules
from tests.factories import people as cast, register, runs

pytestmark = pytest.mark.django_db


@pytest.fixture
def bot():
    return register.identity(cast.tenant(), name="harbour-bot")


def told(identity):
    return Schedules().of([identity]).get(identity.pk)


def test_a_schedule_of_another_tenant_that_names_it_is_no_part(bot):
    runs.schedule(managed_identity_id=bot.pk)
    assert told(bot) is None


def test_it_says_what_runs_when_and_on_what(bot):
    made = runs.schedule(of=bot.tenant, managed_identity_id=bot.pk, input_data={"month": 3})
    assert told(bot) == [
        {
            "name": made.name,
            "cron": "* * * * *",
            "timezone": "UTC",
            "workflow": f"{made.workflow.key} v1",
            "inputs": digest({"month": 3}),
            "secret_reference": runs.REFERENCE,
        }
    ]


def test_a_pause_changes_nothing_and_another_time_does(bot):
    made = runs.schedule(of=bot.tenant, managed_identity_id=bot.pk)
    before = told(bot)
    schedules.pause(made, actor=cast.SYSTEM)
    assert told(bot) == before
    Schedule.objects.filter(pk=made.pk).update(cron_expression="0 3 * * *")
    assert told(bot) != before


def test_one_query_whatever_the_number(bot, django_assert_num_queries):
    for _ in range(3):
        runs.schedule(of=bot.tenant, managed_identity_id=bot.pk)
    with django_assert_num_queries(1):
        assert len(told(bot)) == 3
