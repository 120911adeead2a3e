"""NHI1-DORMANT: silent for longer than its cadence explains."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Remedy, Rule, day
from identities.inventory.vocabulary import UseState


class Dormant(Rule):
    """By the register's own verdict, which knows the expected cadence; unobserved is not dormant (S3-23)."""

    code = "NHI1-DORMANT"
    category = "NHI1"
    severity = Severity.MEDIUM
    title = "Dormant"
    why = "It may be dead, or a forgotten dependency that is about to fail; either way nobody watches its door."
    mend = "Ask its owner what still needs it. Disable it first: that can be undone. Nothing does it by itself."
    remedy = Remedy.DISABLE

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        if facts.use_state != UseState.DORMANT:
            return
        used = f"Last used on {day(facts.last_used_at)}" if facts.last_used_at else "Never used since it was entered"
        severity = Severity.HIGH if facts.is_powerful else None
        yield Observation(f"{used}, longer ago than its cadence explains.", severity=severity)
