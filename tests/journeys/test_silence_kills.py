"""Workers are killed at random while silence is acted on: each item once, and no answered one touched (promise 21)."""

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, connections
from django.utils import timezone

from identities.inventory import bulk
from identities.inventory.models import ManagedIdentity
from identities.recertification import silence
from identities.recertification.models import ReviewCampaign, ReviewItem
from tests.factories import register
from tests.journeys.silencing import checker

PATIENCE = 300
pytestmark = pytest.mark.django_db(transaction=True)


def estate(count: int) -> set[UUID]:
    """A campaign whose deadline has come, over `count` identities of high tier; every fifth was answered."""
    tenant, at = register.tenant(), timezone.now()
    due = at - timedelta(seconds=1)
    campaign = ReviewCampaign.objects.create(tenant=tenant, name="Kills", state="open", opened_at=at, due_at=due)
    facts = {"environment": "production", "purpose": "Is killed.", "risk_tier": "high"}
    entries = [
        bulk.Entry(facts={"name": f"bot {number}", **facts}, source="aws/1", reported_by=("aws/1",))
        for number in range(count)
    ]
    rows: list[ManagedIdentity] = bulk.enter_many(tenant_id=tenant.pk, entries=entries, actor=register.SYSTEM, at=at)
    items = [
        ReviewItem(campaign=campaign, identity=row, risk_tier="high", state="open" if number % 5 else "decided")
        for number, row in enumerate(rows)
    ]
    ReviewItem.objects.bulk_create(items)
    return {item.pk for item in items if item.state == "decided"}


@contextmanager
def workers(number: int) -> Iterator[list[int]]:
    """Processes that sweep until they are killed; each with connections of its own."""
    connections.close_all()
    children = [pid for pid in (_fork() for _ in range(number)) if pid]
    try:
        yield children
    finally:
        for pid in children:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _fork() -> int:
    if pid := os.fork():
        return pid
    try:
        while True:
            silence.sweep(timezone.now(), seconds=5)
            time.sleep(0.005)
    finally:
        os._exit(1)


def ask(text: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(text)
        return list(cursor.fetchall())


def wait_for(settled: int) -> None:
    ends = time.monotonic() + PATIENCE
    while checker.settled(ask) < settled and checker.left(ask):
        assert time.monotonic() < ends, "silence is not acted on"
        time.sleep(0.005)


@pytest.mark.timeout(PATIENCE)
@pytest.mark.parametrize(("count", "kills"), [(300, 4), pytest.param(1500, 25, marks=pytest.mark.long)])
def test_no_kill_leaves_an_item_out_or_acts_on_it_twice(count: int, kills: int):
    chance, answered = random.Random(f"{count} items"), estate(count)
    cut_short = 0
    for number in range(kills):
        before = checker.settled(ask)
        share = max(1, (count - len(answered) - before) // (kills - number + 1))
        with workers(2):
            wait_for(before + chance.randint(1, share))
            time.sleep(chance.uniform(0, 0.02))
        cut_short += checker.left(ask) > 0
    with workers(2):
        wait_for(count)
    found = checker.check(ask, answered=answered)
    assert found.faults == {}
    assert found.silent == count - len(answered)
    assert cut_short >= kills // 2, "hardly a kill fell into the work: the test showed little"
