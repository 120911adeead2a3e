"""A worker's sign of life while it works on a run: a thread that renews the lease."""

import threading
from types import TracebackType
from typing import Self

import structlog
from django.db import DatabaseError, connection

from audit import clock
from scheduling.services import ledger, limits

log = structlog.get_logger(__name__)


class Heartbeat:
    """Renews `lease` until the block ends. `is_lost` says that somebody else has the run: stop before the next effect.

    A database that does not answer for a while is not a lost lease: the next beat tries again, and the fence at each
    step decides.
    """

    def __init__(self, lease: ledger.Lease) -> None:
        self.lease = lease
        self.is_lost = False
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat-{lease.run.id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _beat(self) -> None:
        try:
            while not self._done.wait(limits.heartbeat().total_seconds()):
                if not self._renew():
                    self.is_lost = True
                    return
        finally:
            connection.close()

    def _renew(self) -> bool:
        try:
            return ledger.renew(self.lease, at=clock.now())
        except DatabaseError:
            log.warning("run.heartbeat_missed", run_id=str(self.lease.run.id), exc_info=True)
            connection.close()
            return True
