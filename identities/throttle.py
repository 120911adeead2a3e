"""Counting what may come too often: failures by key, records by whom, in a window of a minute from the first."""

import hashlib
import logging
import math
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

from django.core.cache import cache

WINDOW_SECONDS = 60
MAXIMUM_KEYS = 10_000

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Count:
    """How many in the window that is open, and in how many seconds it closes."""

    number: int
    seconds_left: int


class Windows:
    """Counters that forget themselves, at most `MAXIMUM_KEYS`: the oldest goes first, so a flood fills no memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, tuple[float, int]] = {}

    def hit(self, key: str) -> Count:
        """Count one more for `key`; it is part of the answer."""
        now = time.monotonic()
        with self._lock:
            since, number = self._open.get(key, (now, 0))
            if now - since >= WINDOW_SECONDS:
                since, number = now, 0
                del self._open[key]
            self._open[key] = (since, number + 1)
            while len(self._open) > MAXIMUM_KEYS:
                del self._open[next(iter(self._open))]
        return Count(number + 1, _left(since, now))

    def look(self, key: str) -> Count:
        """What was counted for `key`, without counting."""
        now = time.monotonic()
        with self._lock:
            since, number = self._open.get(key, (now, 0))
        return Count(number if now - since < WINDOW_SECONDS else 0, _left(since, now))

    def clear(self) -> None:
        """Forget everything counted here."""
        with self._lock:
            self._open.clear()


windows = Windows()


def hit(kind: str, *what: str) -> Count:
    """One more of `kind` for `what`; in this process and, through the cache, in all that share it.

    A cache that is down leaves the count of this process: slower to stop a stranger, and never a reason to refuse.
    """
    key = _key(kind, what)
    return _larger(windows.hit(key), _shared(key))


def look(kind: str, *what: str) -> Count:
    """As `hit`, without counting."""
    key = _key(kind, what)
    return _larger(windows.look(key), _seen(key))


class Allowance:
    """Room for so many records a minute, for each of whom they speak; what finds none is counted for the next."""

    made: ClassVar[list["Allowance"]] = []

    def __init__(self, kind: str, *, a_minute: int) -> None:
        self.kind, self.a_minute = kind, a_minute
        self._lock = threading.Lock()
        self._left_out: Counter[str] = Counter()
        Allowance.made.append(self)

    def take(self, who: str) -> int | None:
        """None when there is no room, else how many about `who` were left out since the last record."""
        has_room = windows.hit(f"{self.kind}-{who}").number <= self.a_minute
        with self._lock:
            if has_room:
                return self._left_out.pop(who, 0)
            self._left_out[who] += 1
        return None

    def forget(self) -> None:
        """Forget what was left out."""
        with self._lock:
            self._left_out.clear()


def forget() -> None:
    """Forget everything that was counted in this process; for tests."""
    windows.clear()
    for allowance in Allowance.made:
        allowance.forget()


def _left(since: float, now: float) -> int:
    return max(1, math.ceil(since + WINDOW_SECONDS - now))


def _key(kind: str, what: tuple[str, ...]) -> str:
    return f"{kind}-" + hashlib.sha256("\n".join(what).encode()).hexdigest()


def _larger(here: Count, everywhere: int) -> Count:
    return here if here.number >= everywhere else Count(everywhere, here.seconds_left)


def _shared(key: str) -> int:
    try:
        if cache.add(key, 1, WINDOW_SECONDS):
            return 1
        return int(cache.incr(key))
    except Exception as error:  # noqa: BLE001 - whatever the backend raises, the door goes on working
        return _alone(error)


def _seen(key: str) -> int:
    try:
        return int(cache.get(key, 0))
    except Exception as error:  # noqa: BLE001 - as above
        return _alone(error)


def _alone(error: Exception) -> int:
    log.warning("failures are counted in this process only", extra={"error": type(error).__name__})
    return 0
