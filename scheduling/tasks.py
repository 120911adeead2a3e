"""The queue's half: what beat asks for and what a worker is told. Arguments are ids; the ledger decides everything.

Each task may be lost, doubled or late without harm: a run is taken by compare-and-set, a lost message is sent again.
"""

import time
from collections.abc import Iterable
from uuid import UUID

import structlog
from celery import shared_task
from django.db import DatabaseError
from django.utils import timezone
from kombu.exceptions import OperationalError

from identities.tokens import services as tokens
from scheduling import runner
from scheduling.services import bell, firing, recovery, zone_changes

log = structlog.get_logger(__name__)

# In bites, so that the first of a thousand that are due together start while the others are still being written down.
FIRE_AT_ONCE, RING_AT_ONCE = 50, 200
#: After this a tick leaves the rest to the next one, so that the clock is seen to go on.
LONGEST_TICK = 2.0


@shared_task(name="scheduling.tick", ignore_result=True)
def tick() -> None:
    """Each second: occurrences that have come become runs, and runs that are due are sent to the workers."""
    at, began = timezone.now(), time.monotonic()
    while True:
        claim = firing.claim_due(at, limit=FIRE_AT_ONCE)
        rung = ring(bell.take_ringing(timezone.now(), limit=RING_AT_ONCE))
        is_idle = not claim.due and not claim.skipped
        if not is_idle:
            log.info("tick", due=len(claim.due), skipped=claim.skipped, broken=claim.broken, rung=rung)
        if is_idle or time.monotonic() - began > LONGEST_TICK:
            break
    bell.beat("tick", at)


@shared_task(name="scheduling.execute", ignore_result=True)
def execute(run_id: str) -> None:
    """Work on one run, if it is still there to be worked on."""
    runner.execute(UUID(run_id))


@shared_task(name="scheduling.sweep", ignore_result=True)
def sweep() -> None:
    """Each five seconds: runs whose worker is silent are given back, those past their time are ended."""
    at = timezone.now()
    lost = recovery.recover_lost(at)
    ended = recovery.end_overdue(at)
    ring(bell.take_ringing(at, limit=RING_AT_ONCE))
    bell.beat("sweep", at)
    if lost or ended:
        log.warning("sweep", lost=len(lost), ended=ended)


@shared_task(name="scheduling.tidy", ignore_result=True)
def tidy() -> None:
    """Each hour: tokens nobody can show any more and keys that sign no more are removed, moved clocks are followed."""
    at = timezone.now()
    removed = 0
    while batch := tokens.remove_ended(at):
        removed += batch
    log.info("tidy", tokens=removed, keys=tokens.destroy_retired(at), moved=zone_changes.follow(at))


def ring(run_ids: Iterable[UUID]) -> int:
    """Tell the queue of these runs; how many it heard of. A broker that is away costs nothing but time."""
    heard = 0
    for run_id in run_ids:
        try:
            execute.delay(str(run_id))
        except (OperationalError, OSError) as error:
            log.warning("bell.silent", error=type(error).__name__)
            break
        heard += 1
    return heard


def ring_now(run_id: UUID) -> None:
    """For a face, after commit: a run somebody asked for starts without waiting for the next tick."""
    if ring([run_id]):
        try:
            bell.mark_rung(run_id, timezone.now())
        except DatabaseError:
            log.warning("bell.unmarked", run_id=str(run_id))
