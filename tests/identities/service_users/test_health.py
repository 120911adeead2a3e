"""The agent health check: whose failures it finds, each once, whatever became of the looks before."""

import io
import json
import logging.config
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
import time_machine
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor
from audit.models import AuditEvent
from audit.moments import zulu
from config import logs
from identities.inventory import posture
from identities.inventory.models import ManagedIdentity
from identities.people import services as people_services, sign_in
from identities.people.actors import actor_of, subject_of
from identities.people.models import Tenant, User
from identities.people.refresh_reasons import RefreshReason
from identities.service_users import health
from identities.service_users.models import HealthLook, RefreshIncident
from tests.factories import people, tokens
from tests.journeys.test_unaudited import no_room_in_the_audit
from tests.scheduling.racing import race

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("tests")
SCHEDULE = UUID(int=7)
DETECTED = "agent.refresh.failure.detected"


@pytest.fixture
def tenant() -> Tenant:
    return people.tenant()


@pytest.fixture
def agent(tenant: Tenant) -> User:
    return people.agent(of=tenant)


@pytest.fixture
def lines(settings: Any) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What was written to the log."""
    written = io.StringIO()
    chosen = logs.dict_config("INFO")
    chosen["handlers"]["stderr"]["stream"] = written
    logging.config.dictConfig(chosen)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    logging.config.dictConfig(settings.LOGGING)


def composed(user: User, reason: str = "token-invalidated", **metadata: str) -> AuditEvent:
    """As signing in records it, not committed yet."""
    change = {"previous": "active", "current": "invalidated", "reason": reason, "metadata": metadata}
    return audit.compose(
        "user.refresh_failed",
        actor=actor_of(user),
        subject=subject_of(user),
        reason=reason,
        changes={"refreshToken": change},
    )


def failure(user: User, reason: str = "token-invalidated", **metadata: str) -> AuditEvent:
    event = composed(user, reason, **metadata)
    event.save(force_insert=True)
    return event


def look(tenant: Tenant, at: datetime | None = None, most: int = health.MOST) -> list[RefreshIncident]:
    return health.look(tenant.pk, actor=SYSTEM, schedule_id=SCHEDULE, at=at or timezone.now(), most=most)


def detected() -> list[str]:
    return sorted(str(details["event"]) for details in AuditEvent.objects.filter(type=DETECTED).values_list(
        "details", flat=True))  # fmt: skip


def test_a_persons_failure_is_nobodys_business(tenant: Tenant) -> None:
    failure(people.person(of=tenant))
    assert look(tenant) == []


def test_an_address_alone_makes_no_agent_and_an_agent_needs_none(tenant: Tenant, agent: User) -> None:
    failure(people.person(of=tenant, email="reports-agent@example.com"))
    User.objects.filter(pk=agent.pk).update(email="reports@example.com")
    meant = failure(agent)
    assert [found.event for found in look(tenant)] == [meant.uuid]


def test_another_tenants_failure_is_left_to_its_own_check(tenant: Tenant) -> None:
    failure(people.agent())
    assert look(tenant) == []


def test_a_failure_of_a_second_ago_is_found_once(tenant: Tenant, agent: User) -> None:
    failed = failure(agent, "password-rotated", refreshTokenId="r-1", cause="password-changed")
    (found,) = look(tenant)
    assert (found.user, found.tenant, found.event) == (agent, tenant, failed.uuid)
    assert (found.reason, found.failed_at) == ("password-rotated", failed.recorded_at)
    assert found.metadata == {"refreshTokenId": "r-1", "cause": "password-changed"}
    event = AuditEvent.objects.get(type=DETECTED)
    assert (event.tenant_id, event.subject_id, event.outcome) == (tenant.pk, str(agent.pk), "failure")
    assert event.details == {
        "scheduleId": str(SCHEDULE),
        "userId": str(agent.pk),
        "email": agent.email,
        "reason": "password-rotated",
        "metadata": {"refreshTokenId": "r-1", "cause": "password-changed"},
        "createdAt": zulu(failed.recorded_at),
        "event": str(failed.uuid),
    }
    assert look(tenant) == []
    assert (RefreshIncident.objects.count(), detected()) == (1, [str(failed.uuid)])


def test_the_line_in_the_log_holds_what_is_promised_and_nothing_else(
    tenant: Tenant, agent: User, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    failed = failure(agent, "hash-mismatch", refreshTokenId="r-1")
    look(tenant)
    look(tenant)
    (line,) = [line for line in lines() if line["event"] == DETECTED]
    assert {name: value for name, value in line.items() if name not in {"event", "level", "logger", "timestamp"}} == {
        "scheduleId": str(SCHEDULE),
        "userId": str(agent.pk),
        "email": agent.email,
        "reason": "hash-mismatch",
        "metadata": {"refreshTokenId": "r-1"},
        "createdAt": zulu(failed.recorded_at),
    }
    assert line["level"] == "warning"


def test_the_failure_itself_is_written_with_its_own_members(
    agent: User, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    session = sign_in.open_session(agent)
    people_services.set_password(agent, password="Another-Horse-2", actor=SYSTEM)
    with pytest.raises(sign_in.RefreshFailed):
        sign_in.refresh(session.refresh_token)
    (line,) = [line for line in lines() if line["event"] == "auth.refresh.failure"]
    assert line.keys() - {"event", "level", "logger", "timestamp"} == {"userId", "reason", "metadata"}
    assert (line["userId"], line["reason"]) == (str(agent.pk), "password-rotated")
    assert line["metadata"]["refreshTokenId"] == str(session.refresh_id)
    change = AuditEvent.objects.get(type="user.refresh_failed").changes
    assert change == {
        "refreshToken": {
            "previous": "active",
            "current": "invalidated",
            "reason": "password-rotated",
            "metadata": line["metadata"],
        }
    }
    (found,) = look(agent.tenant)
    assert (found.reason, found.metadata) == ("password-rotated", line["metadata"])


def test_what_failed_while_nobody_looked_is_found(tenant: Tenant, agent: User) -> None:
    now = timezone.now()
    with time_machine.travel(now - timedelta(days=40), tick=False):
        before_the_first = failure(agent)
    assert [found.event for found in look(tenant, now - timedelta(days=9))] == [before_the_first.uuid]
    with time_machine.travel(now - timedelta(days=5), tick=False):
        missed = failure(agent)
    assert [found.event for found in look(tenant, now)] == [missed.uuid]


def test_what_is_seen_late_is_found_late(tenant: Tenant, agent: User) -> None:
    now = timezone.now()
    with time_machine.travel(now - timedelta(hours=3), tick=False):
        late = composed(agent)
    with time_machine.travel(now - timedelta(hours=2), tick=False):
        early = failure(agent)
    assert [found.event for found in look(tenant, now - timedelta(hours=1))] == [early.uuid]
    late.save(force_insert=True)
    assert [found.event for found in look(tenant, now)] == [late.uuid]


def test_a_clock_that_ran_ahead_hides_nothing(tenant: Tenant, agent: User) -> None:
    look(tenant, timezone.now() + timedelta(days=400))
    failed = failure(agent)
    assert [found.event for found in look(tenant)] == [failed.uuid]
    again = failure(agent)
    assert [found.event for found in look(tenant)] == [again.uuid]


def test_many_are_found_in_bites_and_across_pages(tenant: Tenant, agent: User) -> None:
    failures = [failure(agent) for _ in range(7)]
    with patch.object(health, "_PAGE", 2):
        assert len(look(tenant, most=5)) == 5
        assert HealthLook.objects.get().seen_until == health.BEGINNING
        assert len(look(tenant, most=5)) == 2
    assert HealthLook.objects.get().seen_until > health.BEGINNING
    assert detected() == sorted(str(event.uuid) for event in failures)


def test_a_look_that_breaks_off_is_finished_by_the_next(tenant: Tenant, agent: User) -> None:
    failures = [failure(agent) for _ in range(4)]
    mark, marked = posture.mark, []

    def break_off(rows: Any) -> None:
        marked.append(rows)
        if len(marked) == 3:
            raise KeyboardInterrupt
        mark(rows)

    with patch.object(posture, "mark", break_off), pytest.raises(KeyboardInterrupt):
        look(tenant)
    assert RefreshIncident.objects.count() == len(detected()) == 2
    assert len(look(tenant)) == 2
    assert detected() == sorted(str(event.uuid) for event in failures)


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_recorded_is_not_counted_and_found_once_it_can(tenant: Tenant, agent: User) -> None:
    failed = failure(agent)
    with no_room_in_the_audit(), pytest.raises(DatabaseError):
        look(tenant)
    assert not RefreshIncident.objects.exists()
    assert [found.event for found in look(tenant)] == [failed.uuid]


def test_the_row_in_the_register_is_judged_anew(tenant: Tenant, agent: User) -> None:
    row = ManagedIdentity.objects.filter(account=agent).first() or tokens.identity(
        of=tenant, kind="service_user", account=agent
    )
    ManagedIdentity.objects.update(reassess_at=None)
    failure(agent)
    look(tenant)
    assert ManagedIdentity.objects.get(pk=row.pk).reassess_at is not None


def test_where_nothing_is_new_little_is_asked(
    tenant: Tenant, agent: User, django_assert_num_queries: Callable[[int], AbstractContextManager[Any]]
) -> None:
    failure(agent)
    look(tenant)
    with django_assert_num_queries(5):
        look(tenant)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_look_at_once_each_incident_is_found_by_one(tenant: Tenant, agent: User) -> None:
    def work(number: int) -> int:
        try:
            return len(look(tenant))
        finally:
            connection.close()

    failures = [failure(agent) for _ in range(12)]
    assert sum(race(3, work)) == 12
    assert detected() == sorted(str(event.uuid) for event in failures)
    assert RefreshIncident.objects.count() == 12


def test_every_reason_is_counted_from_the_start(
    django_assert_num_queries: Callable[[int], AbstractContextManager[Any]],
) -> None:
    with django_assert_num_queries(1):
        assert health.counts() == dict.fromkeys(map(str, RefreshReason), 0)


def test_the_counts_are_the_incidents_of_every_tenant(tenant: Tenant, agent: User) -> None:
    other = people.agent()
    for user, reason in ((agent, "hash-mismatch"), (agent, "token-invalidated"), (other, "hash-mismatch")):
        failure(user, reason)
    look(tenant)
    look(other.tenant)
    look(tenant)
    counted = {reason: number for reason, number in health.counts().items() if number}
    assert counted == {"hash-mismatch": 2, "token-invalidated": 1}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="an empty table of PostgreSQL is read as it is")
def test_the_counts_are_read_from_an_index() -> None:
    with CaptureQueriesContext(connection) as asked:
        health.counts()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {asked[0]['sql']}")
        plan = str(cursor.fetchall())
    assert "COVERING INDEX incident_of_tenant" in plan
