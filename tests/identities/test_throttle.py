"""Counters that forget themselves, and room for so many records."""

from collections.abc import Iterator

import pytest

from identities import throttle


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    throttle.forget()
    now = [1000.0]
    monkeypatch.setattr(throttle.time, "monotonic", lambda: now[0])
    yield now
    throttle.forget()


def test_names_without_number_fill_no_memory(clock: list[float]) -> None:
    for number in range(throttle.MAXIMUM_KEYS + 50):
        throttle.windows.hit(str(number))
    assert len(throttle.windows._open) == throttle.MAXIMUM_KEYS


def test_looking_counts_nothing_and_a_minute_later_sees_nothing(clock: list[float]) -> None:
    assert throttle.windows.look("door").number == 0
    throttle.windows.hit("door")
    clock[0] += 20
    assert throttle.windows.look("door") == throttle.windows.look("door") == throttle.Count(1, 40)
    clock[0] += 40
    assert throttle.windows.look("door").number == 0


def test_what_another_process_counted_is_seen(clock: list[float]) -> None:
    throttle.hit("knocks", "here")
    throttle.hit("knocks", "here")
    throttle.forget()
    assert throttle.look("knocks", "here").number == 2
    assert throttle.look("knocks", "there").number == 0


def test_without_a_cache_one_counts_alone(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object, **__: object) -> None:
        raise ConnectionError("no cache")

    for way in ("add", "get"):
        monkeypatch.setattr(throttle.cache, way, down)
    throttle.hit("alone", "here")
    assert throttle.look("alone", "here").number == 1


def test_what_finds_no_room_is_counted_for_the_next(clock: list[float]) -> None:
    room = throttle.Allowance("for-test", a_minute=2)
    assert [room.take("ada") for _ in range(5)] == [0, 0, None, None, None]
    assert room.take("bob") == 0
    clock[0] += throttle.WINDOW_SECONDS
    assert [room.take("ada"), room.take("ada")] == [3, 0]
