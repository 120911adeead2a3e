"""What the scheduler keeps of a quarantined identity, and the secrets it could read through its schedules."""

import pytest
from django.utils import timezone

from scheduling.evidence import Scheduled
from tests.factories import runs, tokens

pytestmark = pytest.mark.django_db


def place(name: str) -> dict[str, str]:
    return {"provider": "local", "vaultUri": "local://default", "secretName": name}


def names(identity) -> dict[str, str]:
    return {one.secret_name: one.through for one in Scheduled().readable(identity, timezone.now())}


def test_another_identitys_schedules_and_another_tenants_are_not_its_own():
    bot = tokens.identity()
    runs.run(runs.schedule(of=bot.tenant))
    runs.schedule(managed_identity_id=bot.pk)
    assert Scheduled().of(bot, timezone.now()) == {"schedules": [], "runs": []}
    assert names(bot) == {}


def test_schedules_and_runs_are_kept_without_what_went_in_and_came_out():
    bot = tokens.identity()
    schedule = runs.schedule(of=bot.tenant, managed_identity_id=bot.pk, input_data={"month": "2031-01"})
    runs.run(schedule, input_data={"month": "2031-01"})
    kept = Scheduled().of(bot, timezone.now())
    assert kept["runs"][0]["schedule_name"] == schedule.name
    assert "2031-01" not in str(kept)


def test_it_could_read_what_schedules_runs_and_nodes_of_its_own_name():
    bot, other = tokens.identity(), tokens.identity()
    nodes = [
        runs.SAY_HELLO | {"id": "a", "managedIdentityId": str(bot.pk), "secretReference": place("node")},
        runs.SAY_HELLO | {"id": "b", "managedIdentityId": str(other.pk), "secretReference": place("not-its")},
    ]
    workflow = runs.workflow(of=bot.tenant, nodes=nodes)
    schedule = runs.schedule(running=workflow, managed_identity_id=bot.pk, secret_reference=place("now"))
    runs.run(schedule, secret_reference=place("before"))
    assert set(names(bot)) == {"now", "node", "before"}
    assert names(bot)["before"] == f"named by schedule {schedule.name}"
