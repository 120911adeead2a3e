"""The queue's half: what beat asks for and what a worker is told. Arguments are ids; the ledger decides everything.

Each task may be lost, doubled or late without harm: a run is taken by compare-and-set, a lost message is sent again.
"""

import time
from collections.abc import Iterable
from uuid import UUID

import structlog
from celery import shared_task
from django.core.cache import cache
from django.db import DatabaseError
from django.utils import timezone
from kombu.exceptions import OperationalError

from audit import clock
from identities.credentials import assertions
from identities.detections import services as findings
from identities.inventory import posture
from identities.people.services import sessions
from identities.programme import services as programme
from identities.tokens import services as tokens
from scheduling import runner
from scheduling.builtin import every
from scheduling.preflight import rounds
from scheduling.services import bell, firing, recovery, zone_changes

log = structlog.get_logger(__name__)

# In bites, so that the first of a thousand that are due together start while the others are still being written down.
FIRE_AT_ONCE, RING_AT_ONCE = 200, 200
# Few enough that whoever wants to write in between waits for a blink only.
ASSESS_AT_ONCE = 100
#: After this a tick leaves the rest to the next one, so that the clock is seen to go on.
LONGEST_TICK = 2.0
#: Of every five seconds, so many may go into judging, and so many while runs wait for a worker: a verdict is due within
#: a minute, a run within seconds. After the lost time another worker takes it up.
LONGEST_ASSESS, PRESSED_ASSESS, ASSESS_IS_LOST = 3.0, 0.5, 60
ASSESSING = "scheduling.assessing"
MEASURING, LONGEST_MEASURE = "scheduling.measuring", 600
#: So long one round of preflights may hold a worker; what is left goes on after a pause. Then the lease is lost.
LONGEST_PREFLIGHT, PREFLIGHT_PAUSE, PREFLIGHT_IS_LOST = 60.0, 10, 600
PREFLIGHTING = "scheduling.preflighting"


@shared_task(name="scheduling.tick", ignore_result=True)
def tick() -> None:
    """Each second: occurrences that have come become runs, and runs that are due are sent to the workers."""
    at, began = clock.now(), time.monotonic()
    while True:
        claim = firing.claim_due(at, limit=FIRE_AT_ONCE)
        rung = ring(bell.take_ringing(clock.now(), limit=RING_AT_ONCE))
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
    at = clock.now()
    lost = recovery.recover_lost(at)
    ended = recovery.end_overdue(at)
    ring(bell.take_ringing(at, limit=RING_AT_ONCE))
    bell.beat("sweep", at)
    if lost or ended:
        log.warning("sweep", lost=len(lost), ended=ended)


@shared_task(name="scheduling.assess", ignore_result=True)
def assess() -> None:
    """Each five seconds: who was changed, used again or overtaken by time is judged; findings follow the verdict."""
    if not cache.add(ASSESSING, 1, timeout=LONGEST_ASSESS + ASSESS_IS_LOST):
        return  # the one before is still at it
    began, judged = time.monotonic(), 0
    try:
        while batch := posture.sweep(timezone.now(), limit=ASSESS_AT_ONCE):
            _look_for_findings(batch)
            judged += len(batch)
            if len(batch) < ASSESS_AT_ONCE or _is_long_enough(time.monotonic() - began):
                break
    finally:
        cache.delete(ASSESSING)
    if judged:
        log.info("assess", judged=judged)


def _is_long_enough(judged_for: float) -> bool:
    return judged_for > LONGEST_ASSESS or (judged_for > PRESSED_ASSESS and bell.is_behind(clock.now()))


def _look_for_findings(batch: list[UUID]) -> None:
    left = batch
    try:
        left = findings.evaluate(batch, at=timezone.now()).left
    finally:
        # Judged, but not looked at for findings: due again, so that nothing is lost with a broken or a busy round.
        # One by one: who waits for a row that a command holds must hold no other.
        for identity_id in left:
            posture.mark([identity_id])


@shared_task(name="scheduling.measure", ignore_result=True)
def measure() -> None:
    """Each twenty seconds: tenants whose numbers of today are missing or old are counted (and most times none is)."""
    if not cache.add(MEASURING, 1, timeout=LONGEST_MEASURE):
        return  # the one before is still counting a large register
    try:
        counted = programme.take_snapshots(timezone.now())
    finally:
        cache.delete(MEASURING)
    if counted:
        log.info("measure", tenants=counted)


@shared_task(name="scheduling.built_in", ignore_result=True)
def built_in() -> None:
    """Each twenty seconds: tenants that are new get what every tenant has from the start."""
    if given := every.ensure():
        log.info("built_in", given=given)


@shared_task(name="scheduling.tidy", ignore_result=True)
def tidy() -> None:
    """Each hour: tokens and assertions nobody can show any more and keys that sign no more go; moved clocks follow."""
    at = timezone.now()
    removed = used = refreshed = 0
    while batch := tokens.remove_ended(at):
        removed += batch
    while batch := assertions.remove_ended(at):
        used += batch
    while batch := sessions.remove_ended(at):
        refreshed += batch
    keys, moved = tokens.destroy_retired(at), zone_changes.follow(at)
    log.info("tidy", tokens=removed, assertions=used, refresh_tokens=refreshed, keys=keys, moved=moved)


@shared_task(name="scheduling.preflight", ignore_result=True)
def preflight() -> None:
    """Each minute, and again while some are left: schedules not tried for a day, or since they changed, are tried."""
    if not cache.add(PREFLIGHTING, 1, timeout=LONGEST_PREFLIGHT + PREFLIGHT_IS_LOST):
        return  # another worker is at it
    try:
        done = rounds.go_round(timezone.now(), seconds=LONGEST_PREFLIGHT)
    finally:
        cache.delete(PREFLIGHTING)
    if done.tried or done.broken:
        log.info("preflight", tried=done.tried, failing=done.failing, broken=done.broken)
    if done.is_cut_off:
        try:
            preflight.apply_async(countdown=PREFLIGHT_PAUSE)
        except (OperationalError, OSError) as error:
            log.warning("preflight.silent", error=type(error).__name__)


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
            bell.mark_rung(run_id, clock.now())
        except DatabaseError:
            log.warning("bell.unmarked", run_id=str(run_id))
