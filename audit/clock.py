"""What time it is: the database's, so that every process has the same and a host whose clock is wrong harms nobody.

PostgreSQL is asked every few seconds and carried on in between by the monotonic clock, which nothing that happens to
the host's time moves. An embedded database has one process, and its clock is the one clock.
"""

import threading
import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

#: Seconds that the monotonic clock is trusted for: quartz strays by less than a millisecond meanwhile.
ASK_AGAIN = 10.0


class _Carried:
    """One answer of the database and when it came; shared by the threads of a process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.answer: tuple[datetime, float] | None = None

    def now(self) -> datetime:
        answer, steady = self.answer, time.monotonic()
        if answer is not None and steady - answer[1] < ASK_AGAIN:
            return answer[0] + timedelta(seconds=steady - answer[1])
        return self._asked(answer)

    def _asked(self, before: tuple[datetime, float] | None) -> datetime:
        try:
            answer = _ask()
        except DatabaseError:
            # In a transaction that is broken, or while the database is away: what is known is still right enough.
            if before is None:
                raise
            return before[0] + timedelta(seconds=time.monotonic() - before[1])
        with self.lock:
            self.answer = answer
        return answer[0]


_carried = _Carried()


def now() -> datetime:
    """The time, with its zone. Raises DatabaseError only where no database has ever answered this process."""
    return _carried.now() if is_shared() else timezone.now()


def is_shared() -> bool:
    """Whether the database is asked: on PostgreSQL, unless the settings keep to the process' own clock (tests do)."""
    return connection.vendor == "postgresql" and bool(settings.DATABASE_CLOCK)


def error() -> timedelta:
    """How far this host's clock is ahead of the database's; the database is asked now. Zero where there is but one."""
    if not is_shared():
        return timedelta()
    there, steady = _ask()
    return timezone.now() - (there + timedelta(seconds=time.monotonic() - steady))


def forget() -> None:
    """The next caller asks again: for tests."""
    _carried.answer = None


def _ask() -> tuple[datetime, float]:
    # Past Django's cursors: no query log, and what is asked counts among nobody's queries.
    connection.ensure_connection()
    began = time.monotonic()
    with connection.wrap_database_errors:
        driver: Any = connection.connection
        found: datetime = driver.execute("SELECT clock_timestamp()").fetchone()[0]
    ended = time.monotonic()
    return found, (began + ended) / 2
