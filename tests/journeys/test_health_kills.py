"""Workers are killed at random while they look for failed refreshes: each becomes one incident, and none is lost."""

import os
import random
import signal
import time
from collections import Counter
from uuid import UUID

import pytest
from django.db import connections, transaction
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor
from audit.models import AuditEvent
from identities.people.actors import actor_of, subject_of
from identities.people.models import User
from identities.service_users import health
from identities.service_users.models import RefreshIncident
from tests.factories import people

PATIENCE = 120
WORKERS = 2
CHANGE = {"previous": "active", "current": "invalidated", "reason": "hash-mismatch", "metadata": {}}
pytestmark = pytest.mark.django_db(transaction=True)


def fail(agents: list[User], count: int) -> set[str]:
    """So many failures, in turn."""
    with transaction.atomic():
        events = [
            audit.record(
                "user.refresh_failed",
                actor=actor_of(user),
                subject=subject_of(user),
                reason="hash-mismatch",
                changes={"refreshToken": CHANGE},
            )
            for user in (agents[number % len(agents)] for number in range(count))
        ]
    return {str(event.uuid) for event in events}


def looking(tenant_id: UUID) -> int:
    """A process that looks until it is killed, with connections of its own."""
    connections.close_all()
    if pid := os.fork():
        return pid
    try:
        while True:
            health.look(tenant_id, actor=Actor.system("tests"), schedule_id=UUID(int=7), at=timezone.now())
    finally:
        os._exit(1)


def wait_for(count: int) -> None:
    ends = time.monotonic() + PATIENCE
    while RefreshIncident.objects.count() < count:
        assert time.monotonic() < ends, "nothing is found any more"
        time.sleep(0.005)


@pytest.mark.timeout(PATIENCE)
@pytest.mark.parametrize(("count", "kills"), [(120, 5), pytest.param(600, 20, marks=pytest.mark.long)])
def test_no_kill_loses_an_incident_or_counts_one_twice(count: int, kills: int) -> None:
    tenant, chance = people.tenant(), random.Random(f"{count} failures")
    failures = fail([people.agent(of=tenant) for _ in range(3)], count)
    children: list[int] = []
    try:
        for number in range(kills):
            children += [looking(tenant.pk) for _ in range(WORKERS - len(children))]
            wait_for(chance.randrange(count * number // kills, count * (number + 1) // kills))
            end(children.pop(chance.randrange(len(children))))
        children += [looking(tenant.pk) for _ in range(WORKERS - len(children))]
        wait_for(count)
    finally:
        for pid in children:
            end(pid)
    found = Counter(str(uuid) for uuid in RefreshIncident.objects.values_list("event", flat=True))
    told = Counter(
        details["event"]
        for details in AuditEvent.objects.filter(type="agent.refresh.failure.detected").values_list(
            "details", flat=True
        )
    )
    assert found == told == Counter(failures)
    assert sum(health.counts().values()) == count


def end(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
