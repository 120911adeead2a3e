"""The thread behind marks and decisions."""

import threading

import pytest
from django.test import override_settings

from identities.inventory.pulse import Pulse

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _threads() -> object:
    with override_settings(BACKGROUND_WRITERS=True):
        yield


def test_many_pokes_are_one_round() -> None:
    rounds, done = [], threading.Event()

    def work() -> None:
        rounds.append(1)
        done.set()

    pulse = Pulse("test", work, seconds=0.05)
    for _ in range(100):
        pulse.poke()
    assert done.wait(5)
    assert len(rounds) == 1
    pulse.stop()


def test_a_failure_is_tried_again() -> None:
    tries, done = [], threading.Event()

    def work() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise RuntimeError("down")
        done.set()

    pulse = Pulse("test", work, seconds=0.01)
    pulse.poke()
    assert done.wait(5)
    pulse.stop()


def test_the_last_round_runs_at_the_end() -> None:
    said: list[str] = []
    pulse = Pulse("test", lambda: said.append("work"), seconds=0.01, last=lambda: said.append("last"))
    pulse.poke()
    pulse.stop()
    assert said[-1] == "last"
