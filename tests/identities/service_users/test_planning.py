"""The plan: what a service user did within ninety days, and the least role for it."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from identities.access.models import Role
from identities.errors import Conflict
from identities.people.models import User
from identities.service_users import planning
from identities.service_users.replacement_words import NOTHING_DONE
from tests.factories import people, register
from tests.factories.replacements import did

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def agent() -> User:
    return people.agent()


def plan(user: User) -> planning.Plan:
    return planning.plan(user, at=timezone.now())


def test_a_person_is_not_replaced_by_a_machine() -> None:
    with pytest.raises(Conflict, match="is a person") as refused:
        plan(people.person())
    assert refused.value.code == "not_a_service_user"


def test_no_activity_is_an_empty_role_and_says_so(agent: User) -> None:
    found = plan(agent)
    assert (found.permissions, found.role, found.decisions) == ((), None, 0)
    assert NOTHING_DONE.format(days=90) in found.warnings


def test_what_was_refused_and_what_is_too_long_ago_asks_for_nothing(agent: User) -> None:
    did(agent, "identity.write", outcome="deny")
    did(agent, "audit.read", ago=91 * DAY)
    assert plan(agent).permissions == ()


def test_a_door_that_opened_on_a_row_that_did_not_was_no_use(agent: User) -> None:
    here: dict[str, Any] = {"kind": "schedule", "resource_id": "1", "correlation_id": "c-1"}
    did(agent, "schedule.run", **here)
    did(agent, "operate_schedule", machine_permission="schedule.run", outcome="deny", **here)
    assert plan(agent).permissions == ()
    did(agent, "schedule.run", **here | {"resource_id": "2"})
    assert plan(agent).permissions == ("schedule.run",)


def test_somebody_elses_work_is_not_counted(agent: User) -> None:
    did(people.agent(of=agent.tenant), "identity.write")
    assert plan(agent).permissions == ()


def test_each_permission_with_how_often_and_when_last(agent: User) -> None:
    did(agent, "schedule.read", kind="schedule", times=3, ago=2 * DAY)
    did(agent, "schedule.read", kind="workflow", ago=DAY)
    did(agent, "identity.read")
    found = plan(agent)
    assert [(one.permission, one.times) for one in found.needed] == [("identity.read", 1), ("schedule.read", 4)]
    assert timezone.now() - found.needed[1].last_at < DAY * 1.1
    assert (found.decisions, sum(found.days.values())) == (5, 5)


def test_decisions_from_before_the_column_are_read_off_the_routes(agent: User) -> None:
    did(agent, "read_register", kind="run")
    did(agent, "operate_schedule", kind="schedule")
    did(agent, "govern", kind="user", times=2)
    found = plan(agent)
    assert found.permissions == ("run.read",)
    assert [(one.duty, one.resource_kind, one.is_ambiguous) for one in found.uncovered] == [
        ("govern", "user", False),
        ("operate_schedule", "schedule", True),
    ]


def test_a_role_that_permits_exactly_this_is_found(agent: User) -> None:
    did(agent, "identity.read")
    did(agent, "schedule.read", kind="schedule")
    register.role(agent.tenant, "identity.read")
    register.role(people.tenant(), "schedule.read", "identity.read")
    wanted = register.role(agent.tenant, "schedule.read", "identity.read")
    assert plan(agent).role == wanted


def test_an_empty_role_of_somebody_else_is_not_taken(agent: User) -> None:
    Role.objects.create(tenant=agent.tenant, name="empty", permissions=[])
    assert plan(agent).role is None


def test_the_name_is_the_capability_and_free(agent: User) -> None:
    base = agent.email.partition("-agent@")[0]
    assert plan(agent).name == base
    register.identity(agent.tenant, name=base.upper())
    assert plan(agent).name == f"{base}-2"


def test_what_comes_once_a_month_is_given_longer_than_a_month(agent: User) -> None:
    assert plan(agent).quiet_hours == 24
    did(agent, "identity.read", ago=61 * DAY)
    did(agent, "identity.read", ago=31 * DAY)
    did(agent, "identity.read", ago=DAY)
    found = plan(agent)
    assert 30 * 24 < found.quiet_hours < 40 * 24
    assert found.overdue_days * 24 > found.quiet_hours


def test_of_what_was_silent_for_a_month_a_day_proves_nothing() -> None:
    old = people.agent(created_at=timezone.now() - 30 * DAY)
    assert plan(old).quiet_hours >= 30 * 24


def test_what_is_different_for_a_machine_is_said(agent: User) -> None:
    did(agent, "schedule.run", kind="schedule")
    assert any("every schedule of the tenant" in said for said in plan(agent).warnings)
    auditor = people.agent(role="AUDITOR")
    did(auditor, "audit.read", kind="audit_event")
    assert any("every tenant" in said for said in plan(auditor).warnings)


def test_as_many_questions_for_many_decisions_as_for_few(
    agent: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    planning.plan(agent, at=timezone.now())  # the routes are read once a process
    for permission in ("identity.read", "schedule.read", "run.read"):
        did(agent, permission, times=40, ago=3 * DAY)
    with django_assert_num_queries(7):
        plan(agent)
