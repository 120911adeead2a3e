"""/healthz and /readyz."""

from datetime import timedelta

import pytest
import time_machine
from celery import Celery
from django.db import OperationalError
from django.utils import timezone

from audit import sealing
from config import health
from scheduling.services import bell
from tests.factories import tokens as made
from tests.factories.keys import A, B, process


@pytest.fixture
def ticking(db):
    bell.beat("tick", timezone.now())


def test_healthz_asks_nothing_of_the_database(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert answer["Cache-Control"].startswith("max-age=0, no-cache, no-store")


def test_ready_when_database_broker_and_ledger_are(client, ticking):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "checks": {"database": "ok", "broker": "ok", "ledger": "ok", "clock": "ok", "audit": "ok"},
    }


def test_not_ready_before_the_first_tick(client, db):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["ledger"] == "no tick yet"


def test_not_ready_when_the_clock_stands_still(client, db):
    bell.beat("tick", timezone.now() - timedelta(seconds=31))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["ledger"].startswith("last tick 3")


def test_a_broker_that_does_not_answer_is_named_without_its_address(client, ticking, settings, monkeypatch):
    """Asked of a Celery of its own: what one test writes into the portal's would be the broker of the next."""
    away = Celery("away", set_as_current=False)
    away.conf.broker_write_url = settings.CELERY_BROKER_URL = "redis://:hunter2@127.0.0.1:1/0"
    monkeypatch.setattr(health, "app", away)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["broker"] == "no answer"
    assert b"hunter2" not in answer.content


def test_a_database_that_fails_is_named_without_its_error(client, ticking, monkeypatch):
    def fail() -> None:
        raise OperationalError("password=hunter2")

    monkeypatch.setattr(health, "PARTS", {**health.PARTS, "database": fail})
    answer = client.get("/readyz")
    assert answer.json()["checks"] == {
        "database": "database error", "broker": "ok", "ledger": "not asked", "clock": "not asked", "audit": "not asked",
    }  # fmt: skip
    assert b"hunter2" not in answer.content


@pytest.mark.parametrize(("seconds", "told"), [(61, "61 s ahead of the database"), (-61, "61 s behind the database")])
def test_not_ready_on_a_host_with_another_time(client, ticking, monkeypatch, seconds, told):
    monkeypatch.setattr(health.clock, "error", lambda: timedelta(seconds=seconds))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["clock"] == told


@pytest.mark.parametrize(("minutes", "told"), [(1, "ok"), (16, "records wait to be sealed, and the audit stands")])
def test_not_ready_when_records_wait_for_a_sealer_with_another_key(client, ticking, minutes, told):
    with process(A):
        made.bot()
        sealing.seal_all()
        with time_machine.travel(timezone.now() - timedelta(minutes=minutes), tick=True):
            made.bot()
    for keys_here in ((B, A), (A, B)):
        with process(*keys_here):
            assert client.get("/readyz").json()["checks"]["audit"].startswith(told if keys_here == (B, A) else "ok")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_nothing_is_written_here(client, path):
    assert client.post(path).status_code == 405
