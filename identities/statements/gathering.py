"""Who comes while one is being written goes with the next: threads of a process share a statement and its commit.

Nobody waits for company. Whoever finds nobody at work goes alone and at once; whoever comes meanwhile is taken along by
the first of those that wait, as soon as the one under way has come back.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
MOST = 16


class _Seat(Generic[Item]):
    """One caller that waits: until its result is there, or until it is its turn to lead."""

    __slots__ = ("has_result", "item", "result", "turn")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.result = False
        self.has_result = False
        self.turn = threading.Lock()
        self.turn.acquire()


class Gathering(Generic[Item]):
    """Calls of `act` with one item each, made together where they meet: `act` says for each whether it was done.

    Where `act` fails, the one that led hears why; of those that it took along it is not known whether they were done,
    and they are told no: they have to begin anew, with other names.
    """

    def __init__(self, act: Callable[[Sequence[Item]], Sequence[bool]]) -> None:
        self._act = act
        self._lock = threading.Lock()
        self._waiting: list[_Seat[Item]] = []
        self._is_busy = False

    def __call__(self, item: Item) -> bool:
        seat = _Seat(item)
        with self._lock:
            self._waiting.append(seat)
            leads, self._is_busy = not self._is_busy, True
        if not leads:
            seat.turn.acquire()
        return seat.result if seat.has_result else self._lead(seat)

    def _lead(self, seat: _Seat[Item]) -> bool:
        with self._lock:
            taken, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        results: Sequence[bool] = [False] * len(taken)
        try:
            results = self._act([each.item for each in taken])
        finally:
            self._pass_on()
            for each, result in zip(taken, results, strict=True):
                each.result, each.has_result = result, True
                if each is not seat:
                    each.turn.release()
        return seat.result

    def _pass_on(self) -> None:
        """The next to lead begins before anybody is told, so that the database does not wait for us."""
        with self._lock:
            self._is_busy = bool(self._waiting)
            if self._waiting:
                self._waiting[0].turn.release()
