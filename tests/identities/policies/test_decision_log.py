"""A process that died holding decisions is told at the next start; one that ended well is not."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.test import override_settings
from django.utils import timezone

from audit.models import AuditEvent
from identities.access.principal import Principal
from identities.policies import decision_log, decisions
from identities.policies.models import AuthorizationDecision, DecisionWriter
from tests.factories import register

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_mark() -> Iterator[None]:
    yield
    decision_log._writer_id = None


def _dead_pid() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def gaps() -> int:
    return AuditEvent.objects.filter(type="authorization.gap").count()


def test_a_dead_process_of_this_host_is_a_gap_at_once_and_once() -> None:
    DecisionWriter.objects.create(host=socket.gethostname(), pid=_dead_pid())
    decision_log.begin()
    decision_log.begin()
    event = AuditEvent.objects.get(type="authorization.gap")
    assert event.outcome == "failure"
    assert {"from", "until", "host", "pid"} <= set(event.details)
    assert DecisionWriter.objects.get().pid == os.getpid()


def test_a_restart_under_the_same_pid_is_a_gap() -> None:
    DecisionWriter.objects.create(host=socket.gethostname(), pid=os.getpid())
    decision_log.begin()
    assert gaps() == 1


def test_a_living_neighbour_is_none() -> None:
    DecisionWriter.objects.create(host=socket.gethostname(), pid=os.getppid())
    DecisionWriter.objects.create(host="elsewhere", pid=1)
    decision_log.begin()
    assert gaps() == 0


def test_a_process_elsewhere_is_given_up_when_it_is_silent() -> None:
    DecisionWriter.objects.create(host="elsewhere", pid=1, seen_at=timezone.now() - timedelta(minutes=5))
    decision_log.begin()
    assert gaps() == 1


def test_a_clean_end_leaves_no_mark_and_no_gap() -> None:
    decision_log.begin()
    decision_log.end()
    decision_log.begin()
    assert gaps() == 0
    assert DecisionWriter.objects.count() == 1


def test_a_mark_that_cannot_be_set_refuses_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> int:
        raise DatabaseError("down")

    monkeypatch.setattr(decision_log, "record_gaps", fail)
    with override_settings(BACKGROUND_WRITERS=True):
        decision_log._begin_quietly()
    assert decision_log._writer_id is None
    monkeypatch.undo()
    decision_log.begin()
    assert DecisionWriter.objects.count() == 1


def test_a_flush_shows_that_the_process_lives() -> None:
    decision_log.begin()
    long_ago = timezone.now() - timedelta(minutes=1)
    DecisionWriter.objects.update(seen_at=long_ago)
    decision_log.flush()
    assert DecisionWriter.objects.get().seen_at > long_ago


@pytest.mark.django_db(transaction=True)
def test_the_thread_writes_within_a_second() -> None:
    principal = Principal.person(register.person(register.tenant()))
    written = threading.Event()

    def watch() -> None:
        decision_log.flush()
        written.set()

    pulse = decision_log.Pulse("test", watch, seconds=decision_log.SECONDS)
    decisions.record_api_decision(principal=principal, permission="p", resource_kind="k", resource_id="1", allowed=True)
    with override_settings(BACKGROUND_WRITERS=True):
        pulse.poke()
    assert written.wait(5)
    assert AuthorizationDecision.objects.count() == 1
    pulse.stop()
    assert decision_log.SECONDS < 1
