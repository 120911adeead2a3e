"""How one ask is measured: its queries, the clock, and the processor's time of Python and of its session."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchmarks.pages.asking import Ask

MOST_QUERIES, MOST_MS = 12, 300.0
#: An answer this slow is asked for once more only.
SLOW_MS = 2_000.0
NOT_SHOWN = {302, 403, 404, 405}


class Figures(NamedTuple):
    """What one ask costs, in ms; `status` is the answer's, 0 for one that the database gave up."""

    ask: Ask
    status: int
    queries: int
    ms: float
    python: float
    postgres: float
    slowest: str

    @property
    def over(self) -> str:
        """What is over its limit; an export is held to its queries."""
        said = [f"{self.queries} queries"] if self.queries > MOST_QUERIES else []
        said += [f"{self.ms:.0f} ms"] if self.ms > MOST_MS else []
        said += [f"status {self.status}"] if self.status not in {200, *NOT_SHOWN} else []
        return ", ".join(said)


def measure(ask: Ask, get: Callable[[str], Any], rounds: int) -> Figures:
    """Asked once for its queries, then `rounds` times for its time."""
    started = time.perf_counter()
    try:
        with CaptureQueriesContext(connection) as queries:
            answer = _take(get(ask.address))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a page that does not answer
        said = f"{type(error).__name__}: {str(error).strip()[:200]}"
        return Figures(ask, 0, 0, (time.perf_counter() - started) * 1000, 0, 0, said)
    # The next request forgets what was captured.
    asked, taken = (
        len(queries),
        max(queries.captured_queries, key=lambda query: float(query["time"]), default={"sql": "", "time": "0"}),
    )
    slowest = f"{float(taken['time']) * 1000:.0f} ms: {taken['sql']}"
    first = (time.perf_counter() - started) * 1000
    times = [_once(ask, get) for _ in range(1 if first > SLOW_MS else rounds)]
    ms, python, postgres = (statistics.median(each[place] for each in times) for place in range(3))
    return Figures(ask, answer, asked, ms, python, postgres, slowest)


def _once(ask: Ask, get: Callable[[str], Any]) -> tuple[float, float, float]:
    clock, python, session = time.perf_counter(), time.process_time(), session_ms()
    _take(get(ask.address))
    return (
        (time.perf_counter() - clock) * 1000,
        (time.process_time() - python) * 1000,
        session_ms() - session,
    )


def _take(answer: Any) -> int:
    """The answer drawn; of a file its first lines."""
    if getattr(answer, "streaming", False):
        next(iter(answer.streaming_content), b"")
        answer.close()
    return int(answer.status_code)


def session_ms() -> float:
    """Processor time of this process's session on PostgreSQL, without workers it may have called for."""
    connection.ensure_connection()
    return int(Path(f"/proc/{connection.connection.info.backend_pid}/schedstat").read_text().split()[0]) / 1e6
