"""Who comes while one is being written goes with the next; nobody waits for company, and nobody is left waiting."""

import threading
from collections.abc import Sequence

import pytest

from identities.statements.gathering import MOST, Gathering


class Desk:
    """An act that takes as long as the test wants, and writes down who came together."""

    def __init__(self) -> None:
        self.seen: list[list[int]] = []
        self.is_open = threading.Event()
        self.has_come = threading.Event()
        self.is_broken = False

    def act(self, items: Sequence[int]) -> list[bool]:
        self.seen.append(sorted(items))
        self.has_come.set()
        assert self.is_open.wait(10)
        if self.is_broken and len(self.seen) > 1:
            raise OSError("gone")
        return [item % 2 == 0 for item in items]


def test_one_alone_goes_at_once() -> None:
    desk = Desk()
    desk.is_open.set()
    gathering = Gathering(desk.act)
    assert [gathering(2), gathering(3)] == [True, False]
    assert desk.seen == [[2], [3]]


def crowd(desk: Desk, number: int) -> dict[int, object]:
    """One at the desk and `number` who come meanwhile; what each of them was told."""
    gathering = Gathering(desk.act)
    told: dict[int, object] = {}

    def come(item: int) -> None:
        try:
            told[item] = gathering(item)
        except OSError as error:
            told[item] = str(error)

    threads = [threading.Thread(target=come, args=(item,)) for item in range(number + 1)]
    threads[0].start()
    assert desk.has_come.wait(10)
    for thread in threads[1:]:
        thread.start()
    while len(gathering._waiting) < number:
        pass
    desk.is_open.set()
    for thread in threads:
        thread.join(10)
    return told


def test_those_who_come_meanwhile_go_together_and_each_hears_its_own() -> None:
    desk = Desk()
    assert crowd(desk, 5) == {item: item % 2 == 0 for item in range(6)}
    assert desk.seen == [[0], [1, 2, 3, 4, 5]]


def test_no_more_than_so_many_at_once() -> None:
    desk = Desk()
    told = crowd(desk, MOST + 3)
    assert len(told) == MOST + 4
    assert [len(each) for each in desk.seen] == [1, MOST, 3]


def test_a_failure_is_told_to_who_led_and_the_others_begin_anew() -> None:
    desk = Desk()
    desk.is_broken = True
    told = crowd(desk, 4)
    assert told.pop(0) is True
    assert sorted(map(str, told.values())) == ["False", "False", "False", "gone"]


@pytest.mark.parametrize("rounds", [50])
def test_nobody_is_left_waiting(rounds: int) -> None:
    gathering: Gathering[int] = Gathering(lambda items: [True] * len(items))
    done: list[bool] = []
    threads = [
        threading.Thread(target=lambda: done.extend(gathering(number) for number in range(rounds))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert done == [True] * (6 * rounds)
