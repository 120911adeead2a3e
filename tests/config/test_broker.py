"""What crosses a real broker, and what may not."""

import threading
from typing import Any

import pytest
from celery import shared_task
from celery.contrib.testing.worker import start_worker
from kombu.exceptions import EncodeError

from audit import context
from config.celery import app
from config.health import broker_answers

pytestmark = pytest.mark.broker

SEEN: list[tuple[str, str]] = []
ARRIVED = threading.Event()


@shared_task(name="tests.note_arrival")
def note_arrival(word: str) -> None:
    SEEN.append((word, context.current().correlation_id))
    ARRIVED.set()


@pytest.fixture
def worker(db):
    SEEN.clear()
    ARRIVED.clear()
    with app.connection_for_write() as broker:
        app.control.purge(connection=broker)
    celery: Any = app
    with start_worker(celery, pool="threads", perform_ping_check=False, loglevel="WARNING", shutdown_timeout=30):
        yield


def test_the_broker_in_the_environment_is_the_one_that_answers(settings):
    assert not settings.CELERY_BROKER_URL.startswith("memory")
    broker_answers()


def test_a_correlation_id_arrives_with_its_task(worker):
    with context.bound(correlation_id="request-0003"):
        note_arrival.delay("hello")
    assert ARRIVED.wait(30)
    assert SEEN == [("hello", "request-0003")]


def test_a_message_that_is_not_json_is_never_run(worker):
    note_arrival.apply_async(("pickled",), serializer="pickle")
    note_arrival.delay("json")
    assert ARRIVED.wait(30)
    assert [word for word, _ in SEEN] == ["json"]


def test_only_what_json_can_say_is_sent(worker):
    with pytest.raises(EncodeError):
        note_arrival.apply_async((object(),))
