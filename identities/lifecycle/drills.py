"""Drill: the very same stop, rehearsed, with an end of its own; the path is tried like a backup (S4-42)."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.utils import timezone

from audit.actors import Actor
from identities.errors import DomainError, Invalid
from identities.inventory.models import ManagedIdentity
from identities.inventory.vocabulary import Environment, RiskTier
from identities.lifecycle import releases
from identities.lifecycle.models import Cause, Quarantine
from identities.lifecycle.quarantines import quarantine

log = structlog.get_logger(__name__)

MINUTES, MOST_MINUTES = 10, 240
ENDER = Actor.system("drills")
OVER = "The drill ended as planned"
REHEARSED = "A drill: revocation is rehearsed"
ASK_TWICE = "It works in production and is of high tier: every call of it fails until the drill ends. Say it twice."


def rehearse(
    identity: ManagedIdentity,
    *,
    actor: Actor,
    minutes: int = MINUTES,
    reason: str = "",
    is_confirmed: bool = False,
) -> Quarantine:
    """Quarantine it in earnest for `minutes`; it is released by itself, and the time taken is kept as its own.

    `revocation_tested_at` follows when the stop is complete: at once, or with the last required line. Raises Invalid
    (a span that is none; of high tier in production without `is_confirmed`), Conflict as `quarantine`.
    """
    if not 1 <= minutes <= MOST_MINUTES:
        raise Invalid({"minutes": [f"A drill takes 1 to {MOST_MINUTES} minutes."]})
    if asks_twice(identity) and not is_confirmed:
        raise Invalid({"is_confirmed": [ASK_TWICE]}, code="confirm_drill")
    return quarantine(
        identity,
        reason=reason.strip() or REHEARSED,
        actor=actor,
        cause=Cause.DRILL,
        release_at=timezone.now() + timedelta(minutes=minutes),
    )


def asks_twice(identity: ManagedIdentity) -> bool:
    """Would a drill here be felt by those who pay?"""
    return identity.environment == Environment.PRODUCTION and identity.risk_tier == RiskTier.HIGH


def due(at: datetime, *, limit: int = 200) -> list[UUID]:
    """Drills that have gone on for as long as they were to."""
    rows = Quarantine.objects.filter(release_at__lte=at, closed_at=None).order_by("release_at")
    return list(rows.values_list("pk", flat=True)[:limit])


def end_due(at: datetime) -> int:
    """Release every drill that is over; answers how many. One that cannot end is logged and holds up no other."""
    ended = 0
    for row in Quarantine.objects.filter(pk__in=due(at)).select_related("identity"):
        try:
            releases.let_drill_end(row, actor=ENDER, reason=OVER)
            ended += 1
        except DomainError as error:
            log.warning("drill.not_ended", quarantine_id=str(row.pk), code=error.code, reason=error.message)
    return ended
