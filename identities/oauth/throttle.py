"""Counting failures: by client and address, a window of a minute that starts with the first."""

import hashlib
import logging
import math
import threading
import time
from dataclasses import dataclass

from django.core.cache import cache

WINDOW_SECONDS = 60
LIMIT = 10
MAXIMUM_KEYS = 10_000

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Count:
    """How many in the window that is open, this one included, and in how many seconds it closes."""

    number: int
    seconds_left: int

    @property
    def is_past_limit(self) -> bool:
        return self.number > LIMIT


class Windows:
    """Counters that forget themselves, at most `MAXIMUM_KEYS`: the oldest goes first, so a flood fills no memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, tuple[float, int]] = {}

    def hit(self, key: str) -> Count:
        """Count one more for `key`."""
        now = time.monotonic()
        with self._lock:
            since, number = self._open.get(key, (now, 0))
            if now - since >= WINDOW_SECONDS:
                since, number = now, 0
                del self._open[key]
            self._open[key] = (since, number + 1)
            while len(self._open) > MAXIMUM_KEYS:
                del self._open[next(iter(self._open))]
        return Count(number + 1, max(1, math.ceil(since + WINDOW_SECONDS - now)))

    def clear(self) -> None:
        """Forget everything counted here."""
        with self._lock:
            self._open.clear()


windows = Windows()


def count_failure(client_id: str, address: str) -> Count:
    """One more failure of this client from this address; in this process and, through the cache, in all that share it.

    A cache that is down leaves the count of this process: slower to stop a stranger, and never a reason to refuse.
    """
    key = "passport-failures-" + hashlib.sha256(f"{client_id}\n{address}".encode()).hexdigest()
    here = windows.hit(key)
    everywhere = _shared(key)
    return here if here.number >= everywhere else Count(everywhere, here.seconds_left)


def _shared(key: str) -> int:
    try:
        if cache.add(key, 1, WINDOW_SECONDS):
            return 1
        return int(cache.incr(key))
    except Exception as error:  # noqa: BLE001 - whatever the backend raises, the token endpoint goes on
        log.warning("failures are counted in this process only", extra={"error": type(error).__name__})
        return 0
