"""A managed identity sets going what runs as itself, and nothing that runs as another."""

from typing import Any

import pytest

from identities.errors import Refused
from identities.inventory.subjects import actor_of
from scheduling.models import Schedule
from scheduling.services import schedules
from scheduling.services.facts import Facts
from tests.factories import register, runs

pytestmark = pytest.mark.django_db


def facts(workflow, identity) -> Facts:
    known: dict[str, Any] = {
        "workflow_id": workflow.key,
        "name": f"of {identity.name}",
        "cron_expression": "0 * * * *",
        "timezone": "UTC",
        "managed_identity_id": identity.pk,
        "secret_reference": runs.REFERENCE,
    }
    return Facts(**known)


def node_of(identity):
    return runs.SAY_HELLO | {"managedIdentityId": str(identity.pk), "secretReference": runs.REFERENCE}


@pytest.fixture
def pair():
    tenant = register.tenant()
    return tenant, register.identity(tenant), register.identity(tenant)


def test_it_schedules_neither_as_another_nor_a_workflow_in_which_another_acts(pair):
    tenant, own, stronger = pair
    plain, mixed = runs.workflow(of=tenant), runs.workflow(of=tenant, nodes=[node_of(stronger)])
    for wanted in (facts(plain, stronger), facts(mixed, own)):
        with pytest.raises(Refused, match="only schedule what runs as itself"):
            schedules.create_schedule(tenant_id=tenant.pk, facts=wanted, actor=actor_of(own))
    assert not Schedule.objects.exists()


def test_it_turns_no_schedule_of_its_own_into_one_in_which_another_acts(pair):
    tenant, own, stronger = pair
    plain, mixed = runs.workflow(of=tenant), runs.workflow(of=tenant, nodes=[node_of(stronger)])
    schedule = schedules.create_schedule(tenant_id=tenant.pk, facts=facts(plain, own), actor=actor_of(own))
    for changes in ({"workflow_id": mixed.key}, {"managed_identity_id": str(stronger.pk)}):
        with pytest.raises(Refused):
            schedules.change_schedule(schedule, changes=changes, actor=actor_of(own))
    schedule.refresh_from_db()
    assert (schedule.workflow, schedule.managed_identity_id) == (plain, own.pk)


def test_it_gives_no_input_to_a_schedule_in_which_another_acts(pair):
    tenant, own, stronger = pair
    mixed = runs.workflow(of=tenant, nodes=[node_of(own), node_of(stronger) | {"id": "second"}])
    schedule = schedules.create_schedule(tenant_id=tenant.pk, facts=facts(mixed, own), actor=register.SYSTEM)
    with pytest.raises(Refused):
        schedules.change_schedule(schedule, changes={"input_data": {"amount": 10**9}}, actor=actor_of(own))


def test_it_takes_away_what_runs_as_itself(pair):
    tenant, own, _ = pair
    workflow = runs.workflow(of=tenant, nodes=[node_of(own)])
    schedule = schedules.create_schedule(tenant_id=tenant.pk, facts=facts(workflow, own), actor=actor_of(own))
    schedules.change_schedule(schedule, changes={"input_data": {"amount": 1}}, actor=actor_of(own))
    schedules.remove_schedule(schedule, actor=actor_of(own))
