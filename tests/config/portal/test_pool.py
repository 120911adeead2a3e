"""Two lanes: long runs cannot hold up the clock."""

import threading

import pytest

from config.portal.pool import TwoLanePool


@pytest.fixture
def pool():
    made = TwoLanePool(limit=2)
    made.start()
    yield made
    made.stop()


def send(pool, name, work):
    """Hand work over as Celery's worker does: the task's name is the first argument."""
    return pool.apply_async(lambda task, call: call(), (name, work), callback=lambda *_: None)


def test_the_clock_ticks_while_every_run_thread_is_taken(pool):
    release, ticked = threading.Event(), threading.Event()
    for _ in range(4):
        send(pool, "scheduling.execute", lambda: release.wait(20))
    send(pool, "scheduling.tick", ticked.set)
    assert ticked.wait(10)
    release.set()


def test_a_run_waits_for_no_clock_thread(pool):
    release, ran = threading.Event(), threading.Event()
    for _ in range(4):
        send(pool, "scheduling.sweep", lambda: release.wait(20))
    send(pool, "scheduling.execute", ran.set)
    assert ran.wait(10)
    release.set()


def test_stopping_waits_for_nobody():
    pool, release = TwoLanePool(limit=1), threading.Event()
    pool.start()
    taken = threading.Event()
    send(pool, "scheduling.execute", lambda: (taken.set(), release.wait(20)))
    assert taken.wait(10)
    pool.stop()
    assert not release.is_set()
    release.set()
