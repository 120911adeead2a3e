"""A stopwatch for one warm process: thread time by piece, and of the batches the one that was disturbed least.

Others work on the machine as well. Nothing here runs for longer than it was given: fewer batches are still batches.
"""

import importlib
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

BATCH = 100
LONGEST = 60.0


class Clock:
    """Thread time by name, each moment counted to the innermost name only."""

    def __init__(self) -> None:
        self.spent: dict[str, int] = defaultdict(int)
        self._open: list[str] = []
        self._since = 0

    def around(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            self._turn()
            self._open.append(name)
            try:
                return function(*args, **kwargs)
            finally:
                self._turn()
                self._open.pop()

        return timed

    def put_around(self, name: str, place: str) -> None:
        """Replace a function wherever it was imported to; one that this version does not have is left out."""
        module_name, _, path = place.partition(":")
        try:
            owner: Any = importlib.import_module(module_name)
            *outer, last = path.split(".")
            for part in outer:
                owner = getattr(owner, part)
            found = getattr(owner, last)
        except (ImportError, AttributeError):
            return
        timed = self.around(name, found)
        setattr(owner, last, timed)
        for module in list(sys.modules.values()):
            if getattr(module, "__name__", "").startswith("identities"):
                for key, value in list(vars(module).items()):
                    if value is found:
                        setattr(module, key, timed)

    def quietest(self, act: Callable[[], None], number: int) -> dict[str, float]:
        """Milliseconds of an act by name; `number` acts at most."""
        batches: list[dict[str, int]] = []

        def once() -> None:
            self.spent.clear()
            for _ in range(BATCH):
                act()
            batches.append(dict(self.spent))

        _again(once, number)
        spent = min(batches, key=lambda batch: sum(batch.values()))
        return {name: nanoseconds / BATCH / 1e6 for name, nanoseconds in spent.items()}

    def _turn(self) -> None:
        now = time.thread_time_ns()
        if self._open:
            self.spent[self._open[-1]] += now - self._since
        self._since = now


def quietest(act: Callable[[], None], number: int) -> tuple[float, float]:
    """Milliseconds of this thread and of PostgreSQL's session for one act; `number` acts at most."""
    batches: list[tuple[float, float]] = []

    def once() -> None:
        session, started = session_seconds(), time.thread_time()
        for _ in range(BATCH):
            act()
        batches.append((time.thread_time() - started, session_seconds() - session))

    _again(once, number)
    thread, session = min(batches, key=sum)
    return thread * 1000 / BATCH, session * 1000 / BATCH


def _again(batch: Callable[[], None], number: int) -> None:
    """At least once, then until the number is reached or the time is over."""
    until = time.monotonic() + LONGEST
    for _ in range(max(1, number // BATCH)):
        batch()
        if time.monotonic() > until:
            return


def session_seconds() -> float:
    """Processor time of our own session with PostgreSQL; none elsewhere."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    # Nanoseconds on the processor; the ticks of `stat` are too coarse for this.
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
