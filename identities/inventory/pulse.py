"""Pulse: work that may wait a moment is gathered and done once, in a thread of its own."""

import atexit
import os
import threading
from collections.abc import Callable

import structlog
from django.conf import settings
from django.db import connection

log = structlog.get_logger(__name__)


class Pulse:
    """Runs `work` at most `seconds` after the first `poke()`; never two at once; a failure is logged and tried again.

    With nothing to do, `idle` runs every `idle_seconds`; `last` runs
    instead of `work` when the process ends in good order. Not promised: that work of the last moment survives a kill.
    `settings.BACKGROUND_WRITERS = False` (tests) leaves the work to explicit calls.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], object],
        *,
        seconds: float,
        idle: Callable[[], object] | None = None,
        idle_seconds: float | None = None,
        last: Callable[[], object] | None = None,
    ) -> None:
        self.name, self.seconds, self.idle_seconds = name, seconds, idle_seconds
        self._work, self._idle, self._last = work, idle or work, last or work
        self._wanted, self._stopped = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        os.register_at_fork(after_in_child=self._forget)

    def poke(self) -> None:
        """There is something to do."""
        if not self._wanted.is_set():
            self._wanted.set()
        if self._thread is None and settings.BACKGROUND_WRITERS:
            self._start()

    def stop(self) -> None:
        """End the thread after one last round."""
        self._stopped.set()
        self._wanted.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=self.seconds + 5)

    def _start(self) -> None:
        with self._lock:
            if self._thread is not None or self._stopped.is_set():
                return
            self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
            self._thread.start()
            atexit.register(self.stop)

    def _run(self) -> None:
        while not self._stopped.is_set():
            is_wanted = self._wanted.wait(self.idle_seconds)
            self._stopped.wait(self.seconds)
            self._wanted.clear()
            self._round(self._work if is_wanted else self._idle)
        self._round(self._last)

    def _round(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception:
            log.exception("background_write_failed", writer=self.name)
            self._wanted.set()
        finally:
            # The thread outlives any request, so nothing else would close a connection that went stale.
            connection.close()

    def _forget(self) -> None:
        self._wanted, self._stopped = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._thread = None
