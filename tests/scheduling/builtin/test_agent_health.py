"""Every tenant's agent health check: there from the start, on, run as itself, and refused what it may not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.access.models import Role
from identities.inventory.models import ManagedIdentity
from identities.people import sign_in
from identities.people.models import Tenant, User
from identities.service_users.models import RefreshIncident
from scheduling import runner, tasks
from scheduling.builtin import agent_health, giving
from scheduling.builtin.agent_health import HEALTH_CHECK
from scheduling.models import RunState, Schedule, ScheduleRun, Trigger
from tests.factories import people, register, runs

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


@pytest.fixture
def schedule(passport: str, tenant: Tenant) -> Schedule:
    giving.ensure(HEALTH_CHECK)
    return Schedule.objects.get(tenant=tenant)


def fail(user: User) -> str:
    """A refresh token used a second time; its id."""
    session = sign_in.open_session(user)
    sign_in.refresh(session.refresh_token)
    with pytest.raises(sign_in.RefreshFailed):
        sign_in.refresh(session.refresh_token)
    return str(session.refresh_id)


def fire(schedule: Schedule, trigger: str = Trigger.SCHEDULE) -> ScheduleRun:
    run = runs.run(schedule, trigger=trigger)
    assert runner.execute(run.pk, worker="w1")
    run.refresh_from_db()
    return run


def test_without_the_permission_nothing_is_looked_at(schedule: Schedule, tenant: Tenant) -> None:
    fail(people.agent(of=tenant))
    Role.objects.filter(tenant=tenant).update(permissions=["workflow.execute"])
    run = fire(schedule)
    assert (run.state, run.status) == (RunState.FAILED, 403)
    assert "audit.read" in run.reason
    assert not RefreshIncident.objects.exists()


def test_every_tenant_has_it_switched_on_and_hourly(tenant: Tenant) -> None:
    other = register.tenant()
    tasks.built_in()
    for one in (tenant, other):
        made = Schedule.objects.get(tenant=one, name=HEALTH_CHECK.name)
        assert (made.is_enabled, made.is_built_in) == (True, True)
        assert made.next_run_at is not None
        assert made.next_run_at - timezone.now() <= timedelta(minutes=65)
        assert ManagedIdentity.objects.get(tenant=one, name=HEALTH_CHECK.identity).pk == made.managed_identity_id
    before = Schedule.objects.count()
    tasks.built_in()
    assert Schedule.objects.count() == before == 4


def test_its_identity_may_do_this_and_no_more(schedule: Schedule) -> None:
    role = Role.objects.get(bindings__identity_id=schedule.managed_identity_id)
    assert sorted(role.permissions) == ["audit.read", "workflow.execute"]


def test_a_service_user_does_not_answer_for_it(tenant: Tenant) -> None:
    people.agent(of=tenant, role="ADMIN")
    answers = people.person(of=tenant)
    giving.ensure(HEALTH_CHECK)
    assert ManagedIdentity.objects.get(tenant=tenant, name=HEALTH_CHECK.identity).technical_owner == answers


@pytest.mark.parametrize("trigger", [Trigger.SCHEDULE, Trigger.MANUAL])
def test_a_run_finds_what_failed_a_moment_ago_and_says_who_looked(
    schedule: Schedule, tenant: Tenant, trigger: str
) -> None:
    agent = people.agent(of=tenant)
    token = fail(agent)
    run = fire(schedule, trigger)
    assert run.state == RunState.SUCCEEDED, run.reason
    assert run.steps.get(name="look").output == {"found": 1, "reasons": {"refresh-id-mismatch": 1}}
    incident = RefreshIncident.objects.get()
    assert (incident.user, incident.metadata["refreshTokenId"]) == (agent, token)
    event = AuditEvent.objects.get(type="agent.refresh.failure.detected")
    assert (event.actor_kind, event.actor_label) == ("identity", HEALTH_CHECK.identity)
    assert (event.details["scheduleId"], event.run_id) == (str(schedule.pk), run.pk)
    again = fire(schedule)
    assert again.steps.get(name="look").output == {"found": 0, "reasons": {}}
    assert RefreshIncident.objects.count() == 1


def test_a_tenant_without_a_look_counts_from_when_it_was_given_its_check(schedule: Schedule) -> None:
    assert agent_health.oldest_look() == schedule.created_at
    fire(schedule)
    looked = agent_health.oldest_look()
    assert looked is not None
    assert looked > schedule.created_at
