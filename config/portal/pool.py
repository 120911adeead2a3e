"""Celery's thread pool with a lane of its own for the clock, so that long runs cannot hold up ticks and seals."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from celery.concurrency.base import apply_target
from celery.concurrency.thread import ApplyResult, TaskPool  # type: ignore[attr-defined]  # not in the stubs
from django.conf import settings

CLOCK_THREADS = 2


class TwoLanePool(TaskPool):
    """Runs go to the pool's own threads; every other task to two threads that no run ever takes."""

    executor: ThreadPoolExecutor

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clock = ThreadPoolExecutor(max_workers=CLOCK_THREADS, thread_name_prefix="clock")

    def on_apply(
        self,
        target: Any,
        args: Any = None,
        kwargs: Any = None,
        callback: Any = None,
        accept_callback: Any = None,
        **_: Any,
    ) -> ApplyResult:
        """`args[0]` is the task's name: celery.app.trace.fast_trace_task and trace_task_ret both begin with it."""
        executor = self.executor if args and args[0] in settings.CELERY_TASK_ROUTES else self.clock
        return ApplyResult(executor.submit(apply_target, target, args, kwargs, callback, accept_callback))

    def on_stop(self) -> None:
        """Wait for nobody: whoever is cut off here is found by the ledger at the next start."""
        for executor in (self.executor, self.clock):
            executor.shutdown(wait=False, cancel_futures=True)
