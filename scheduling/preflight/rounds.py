"""A round: of the schedules whose turn it is, as many as fit into its time. The rest keeps its turn."""

import time
from dataclasses import dataclass
from datetime import datetime

import structlog

from audit import clock
from audit.actors import Actor
from scheduling.preflight import selectors
from scheduling.preflight.services import preflight
from scheduling.services import bell
from scheduling.services.ledger import SYSTEM

log = structlog.get_logger(__name__)

AT_ONCE = 200
#: Of each round, while runs wait: some go on even where they wait all day.
PRESSED_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Round:
    """How many were tried, how many of them would fail, how many could not be tried; whether some are left."""

    tried: int = 0
    failing: int = 0
    broken: int = 0
    is_cut_off: bool = False


def go_round(at: datetime, *, seconds: float) -> Round:
    """Try what is due to be tried at `at`, for about so many seconds; for one, while runs wait for a worker. Outside of
    transactions.

    One that cannot be tried is logged and holds up no other. Without anything to try: one query.
    """
    began = time.monotonic()
    ids = list(selectors.to_try(at).values_list("id", "tenant_id")[:AT_ONCE])
    tried = failing = broken = 0
    for schedule_id, tenant_id in ids:
        if _is_over(time.monotonic() - began, seconds):
            break
        schedule = selectors.tried({tenant_id}).filter(id=schedule_id).first()
        if schedule is None:
            continue
        try:
            found = preflight(schedule, at=at, actor=Actor.system(SYSTEM, tenant_id))
        except Exception:
            broken += 1
            log.exception("preflight.failed", schedule_id=str(schedule_id))
            continue
        tried += 1
        failing += not found.is_clear
    is_cut_off = tried + broken < len(ids) or (len(ids) == AT_ONCE and tried > 0)
    return Round(tried=tried, failing=failing, broken=broken, is_cut_off=is_cut_off)


def _is_over(lasted: float, seconds: float) -> bool:
    return lasted > seconds or (lasted > PRESSED_SECONDS and bell.is_behind(clock.now()))
