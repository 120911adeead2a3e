"""Asking the trail."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from audit import context, sealing, selectors
from audit.actors import Actor, ActorKind, Subject
from audit.events import Outcome
from audit.models import AuditEvent

ADA = Actor(ActorKind.PERSON, "7", "Ada@example.com")
BOT = Actor(ActorKind.IDENTITY, "3f9a", "payroll-bot", client_id="mi_payroll")
AGENT = Actor(ActorKind.SERVICE_USER, "9", "scan-agent@example.com")
SYSTEM = Actor.system("scheduler")
NOBODY = Actor.anonymous("mi_unknown")
Recorder = Callable[..., AuditEvent]

pytestmark = pytest.mark.django_db


def labels(**given: Any) -> list[str]:
    return [event.actor_label for event in selectors.events(None, **given)]


@pytest.fixture
def everybody(record: Recorder) -> None:
    for actor in (ADA, BOT, AGENT, SYSTEM, NOBODY):
        record(actor=actor)


@pytest.mark.usefixtures("everybody")
def test_people_and_machines_are_told_apart_by_one_filter() -> None:
    assert labels(is_human=True) == ["Ada@example.com"]
    assert labels(is_human=False) == ["scheduler", "scan-agent@example.com", "payroll-bot"]
    assert len(labels()) == 5


@pytest.mark.usefixtures("everybody")
@pytest.mark.parametrize(
    ("asked", "found"),
    [("mi_payroll", ["payroll-bot"]), ("3f9a", ["payroll-bot"]), ("ada@EXAMPLE.com", ["Ada@example.com"])],
)
def test_an_actor_is_found_by_id_client_id_or_label(asked: str, found: list[str]) -> None:
    assert labels(actor=asked) == found


def test_another_tenants_events_are_not_seen(record: Recorder) -> None:
    mine, theirs = uuid4(), uuid4()
    for tenant in (mine, theirs):
        record(subject=Subject("role", "1", "r", tenant_id=tenant))
    record()
    assert [event.tenant_id for event in selectors.events({mine})] == [mine]
    assert not selectors.events(set()).exists()
    assert selectors.events(None).count() == 3


def test_each_filter_narrows(record: Recorder) -> None:
    run, start, moment = uuid4(), timezone.now(), timedelta(microseconds=1)
    with context.bound(correlation_id="abcd-1234", run_id=run):
        wanted = record("token.refused", outcome=Outcome.DENIED, subject=Subject("identity", "5", "Bot"))
    record("token.issued")
    record("run.succeeded")
    for given in (
        {"event": "token.refused"}, {"outcome": "denied"}, {"subject": "5"}, {"subject": "bot"},
        {"subject_kind": "identity"}, {"correlation_id": "abcd-1234"}, {"run_id": run},
        {"event": "token.", "outcome": "denied"}, {"since": start, "until": wanted.recorded_at + moment},
    ):  # fmt: skip
        assert [event.pk for event in selectors.events(None, **given)] == [wanted.pk], given
    assert selectors.events(None, event="token.").count() == 2
    assert not selectors.events(None, since=timezone.now()).exists()


def test_numbers_and_macs_come_along_without_a_query_each(
    record: Recorder, django_assert_num_queries: Callable[[int], Any]
) -> None:
    record()
    record()
    sealing.seal_pending()
    record()
    with django_assert_num_queries(1):
        assert [event.seq for event in selectors.events(None)] == [None, 2, 1]


def test_the_state_for_screens_costs_four_queries(django_assert_num_queries: Callable[[int], Any]) -> None:
    with django_assert_num_queries(4):
        state = selectors.verification_state()
    assert (state.sealed, state.is_intact, state.checkpoint_at) == (0, None, None)
