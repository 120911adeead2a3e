"""The Celery application."""

import pytest
from celery import shared_task
from kombu.exceptions import OperationalError
from kombu.utils import functional

from audit import context
from config.broker import LONGEST_WAIT
from config.celery import CORRELATION_HEADER, CorrelatedTask, app

SEEN: list[str] = []


@shared_task(name="tests.note_correlation")
def note_correlation() -> None:
    SEEN.append(context.current().correlation_id)


def received_with(headers: dict[str, str] | None) -> str:
    """The correlation id a task runs under when its message carries these headers."""
    SEEN.clear()
    app.tasks["tests.note_correlation"].apply(headers=headers).get()
    return SEEN[0]


def sent_headers(monkeypatch) -> dict[str, str]:
    """The headers our task class hands to Celery when it is sent from here."""
    taken: dict[str, str] = {}
    base = CorrelatedTask.__mro__[1]
    monkeypatch.setattr(base, "apply_async", lambda *args, headers, **options: taken.update(headers))
    app.tasks["tests.note_correlation"].delay()
    return taken


def test_a_task_runs_under_the_id_of_whoever_sent_it():
    assert received_with({CORRELATION_HEADER: "request-0001"}) == "request-0001"


def test_a_task_without_an_id_gets_its_own():
    first, second = received_with(None), received_with(None)
    assert context.is_well_formed(first)
    assert first != second


def test_an_id_that_is_not_well_formed_is_not_taken_over():
    assert received_with({CORRELATION_HEADER: "x\ny"}) != "x\ny"


def test_sending_carries_the_surrounding_id(monkeypatch):
    with context.bound(correlation_id="request-0002"):
        assert sent_headers(monkeypatch)[CORRELATION_HEADER] == "request-0002"


def test_every_beat_entry_names_a_task_that_exists():
    app.loader.import_default_modules()
    app.finalize()
    missing = {entry["task"] for entry in app.conf.beat_schedule.values()} - set(app.tasks)
    assert not missing


def test_runs_have_a_queue_of_their_own():
    route = app.amqp.router.route({}, "scheduling.execute")
    assert route["queue"].name == "steward.runs"
    assert app.amqp.router.route({}, "scheduling.tick")["queue"].name == "steward.clock"


def test_delay_on_commit_is_there():
    assert hasattr(app.tasks["tests.note_correlation"], "delay_on_commit")


def test_a_broker_that_is_away_is_asked_every_few_seconds_and_for_ever(monkeypatch):
    waits: list[float] = []

    def back_after_a_while() -> None:
        if len(waits) < 200:
            raise ConnectionRefusedError

    broker = app.connection_for_read("redis://127.0.0.1:1/0")
    monkeypatch.setattr(broker, "_connection_factory", back_after_a_while)
    monkeypatch.setattr(functional, "sleep", lambda seconds: None)
    broker.ensure_connection(lambda error, wait: waits.append(wait), app.conf.broker_connection_max_retries)
    assert len(waits) == 200
    assert max(waits) <= LONGEST_WAIT


def test_who_asks_for_one_attempt_gets_one(monkeypatch):
    broker = app.connection_for_read("redis://127.0.0.1:1/0")
    with pytest.raises(OperationalError):
        broker.ensure_connection(max_retries=1, interval_start=0)
