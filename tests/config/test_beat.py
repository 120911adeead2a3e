"""What beat asks for."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
import time_machine
from celery.beat import Scheduler

from config import beat
from config.beat import SCHEDULE
from config.celery import app


@pytest.mark.parametrize("name", sorted(SCHEDULE))
def test_a_request_lives_longer_than_a_round_or_is_rare(name):
    """A busy worker may miss a round; it must not find a pile of old requests afterwards."""
    entry = SCHEDULE[name]
    assert 0 < entry["options"]["expires"] <= max(3 * entry["schedule"].seconds, 10)


def test_of_what_is_asked_for_all_the_time_the_ledger_is_given_up_last():
    """What is dropped makes room for what may wait longer: of many that wait, ticks would be dropped first, and all."""
    often = {name: entry["options"]["expires"] for name, entry in SCHEDULE.items() if entry["schedule"].seconds <= 5}
    of_the_ledger = {often.pop("tick"), often.pop("sweep")}
    assert min(of_the_ledger) > max(often.values())


def test_verdicts_are_seldom_older_than_five_seconds():
    assert SCHEDULE["assess"]["schedule"].seconds <= 5


class WithoutBroker(Scheduler):
    #: Celery's own connects to a broker before it asks for anything, and tries for ever where none answers.
    producer = None  # type: ignore[assignment]


@pytest.mark.parametrize("hours", [-1, 1])
def test_beat_keeps_its_pace_when_the_hosts_clock_jumps(hours, monkeypatch):
    """Set back by an hour, Celery's own beat asks for nothing for an hour; set on, it asks twice."""
    asked: list[str] = []
    steadily = [0.0]
    monkeypatch.setattr(beat.time, "monotonic", lambda: beat._STEADY + steadily[0])
    clock = WithoutBroker(cast("Any", app), max_interval=1, lazy=False)
    monkeypatch.setattr(clock, "apply_async", lambda entry, **_: asked.append(entry.task))

    def pass_seconds(number: int) -> int:
        asked.clear()
        for _ in range(number):
            steadily[0] += 1
            while clock.tick() == 0:
                pass
        return asked.count("scheduling.tick")

    assert pass_seconds(10) == 10
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=hours)):
        assert pass_seconds(10) == 10
    assert pass_seconds(10) == 10
