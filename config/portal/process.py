"""The threads of one portal: waitress serves, a Celery worker works, beat ticks, the main thread waits for the end."""

import itertools
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import structlog
from celery import Celery
from celery.beat import EmbeddedService, Scheduler
from celery.worker import WorkController, state as worker_state
from django.core.wsgi import get_wsgi_application
from waitress.server import create_server

from config import memory
from config.portal.bodies import MAX_BODY, MAX_CONNECTIONS, MAX_HEADERS, UploadChannel
from config.portal.pool import TwoLanePool
from config.token_lane import TokenLane

log = structlog.get_logger(__name__)

WEB_THREADS = 8
RUN_THREADS = 16
#: Ctrl-C is answered in under five seconds; the rest is for what has to be written down.
STOP_WITHIN = 3.5
INTERRUPTED = 130


class PortalProcess:
    """Start, wait, stop. One in a process: Celery's worker keeps its state in module globals."""

    def __init__(self, listener: socket.socket, app: "Celery[Any]") -> None:
        self.ending = threading.Event()
        self.server = create_server(
            TokenLane(get_wsgi_application()),
            sockets=[listener],
            threads=WEB_THREADS,
            ident=None,
            max_request_body_size=MAX_BODY,
            max_request_header_size=MAX_HEADERS,
            connection_limit=MAX_CONNECTIONS,
            # select() knows no file beyond the 1024th, whoever holds the others.
            asyncore_use_poll=True,
            channel_timeout=60,
            cleanup_interval=10,
            clear_untrusted_proxy_headers=False,
        )
        self.server.channel_class = UploadChannel
        self.worker = WorkController(
            app=app,
            hostname="portal@steward",
            pool_cls=TwoLanePool,
            concurrency=RUN_THREADS,
            prefetch_multiplier=0,
            without_mingle=True,
            without_gossip=True,
            without_heartbeat=True,
        )
        self.beat: Any = EmbeddedService(app, max_interval=1, thread=True, scheduler_cls=Scheduler)
        self.web = threading.Thread(target=self._guarded(self.server.run), name="web", daemon=True)
        self.work = threading.Thread(target=self._guarded(self.worker.start), name="worker", daemon=True)
        self.threads: list[Any] = [self.web, self.work, self.beat]

    def start(self) -> None:
        """Start every thread, and let SIGINT and SIGTERM end them; a second signal ends the process at once."""
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGTERM, self._on_signal)
        for thread in self.threads:
            thread.start()

    def wait(self) -> bool:
        """Wait for a signal; False when a thread died instead, which is no way to go on."""
        for second in itertools.count(1):
            if self.ending.wait(timeout=1):
                return True
            if second % 60 == 0:
                memory.give_back()
            dead = [thread.name for thread in self.threads if not thread.is_alive()]
            if dead:
                log.error("portal.thread_died", threads=dead)
                break
        return False

    def stop(self) -> bool:
        """Stop everything at once, within STOP_WITHIN; whether every thread came to its end."""
        deadline = time.monotonic() + STOP_WITHIN
        self.server.close()
        worker_state.should_stop = os.EX_OK  # type: ignore[assignment]  # an exit status
        self.server.task_dispatcher.shutdown(timeout=1)
        # Beat goes last: on memory:// its next tick is what wakes the worker to see that it should stop.
        self.work.join(timeout=max(0.0, deadline - time.monotonic()))
        self.beat.service.stop()
        self.beat.join(timeout=max(0.0, deadline - time.monotonic()))
        lasting = {threading.main_thread(), self.web}
        return not [thread for thread in threading.enumerate() if thread not in lasting and not thread.daemon]

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.ending.is_set():
            os._exit(INTERRUPTED)
        self.ending.set()

    def _guarded(self, target: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            try:
                target()
            except Exception:
                log.exception("portal.thread_failed", thread=threading.current_thread().name)

        return run
