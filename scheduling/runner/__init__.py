"""What a worker does with a run. Above the ledger, below the queue: it knows no broker."""

import os
import socket
import threading
from uuid import UUID

import structlog

from audit import clock, context
from scheduling.runner.execution import Execution
from scheduling.runner.heartbeat import Heartbeat
from scheduling.services import ledger

log = structlog.get_logger(__name__)


def execute(run_id: UUID, *, worker: str = "") -> bool:
    """Take the run if it is due and work on it until it ends or must wait; whether it was taken.

    Called any number of times, by any number of workers, for any id: exactly one of them gets the lease. Whatever goes
    wrong with the run is its outcome and is not raised; what goes wrong with the worker leaves the run to the sweep.
    """
    lease = ledger.claim_run(run_id, worker=worker or name_of_worker(), at=clock.now())
    if lease is None:
        return False
    with context.bound(correlation_id=lease.run.correlation_id, run_id=run_id):
        try:
            with Heartbeat(lease) as heartbeat:
                Execution(lease, heartbeat).go()
        except ledger.LeaseLost:
            log.warning("run.lease_lost", epoch=lease.epoch)
        log.info("run.left", state=str(lease.run.state), attempt=lease.run.attempt)
    return True


def name_of_worker() -> str:
    """Host, process and thread: what `claimed_by` shows."""
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"
