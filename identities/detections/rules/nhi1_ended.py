"""NHI1-ENDED: its end has come, and it still works."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Remedy, Rule, day


class Ended(Rule):
    """Past `expires_at`, the day until which it was needed (S3-11)."""

    code = "NHI1-ENDED"
    category = "NHI1"
    severity = Severity.HIGH
    title = "Its purpose has ended, and it still works"
    why = "Access that outlives its purpose serves only whoever finds it."
    mend = "Retire it; or, if it is needed after all, give it a new end date."
    remedy = Remedy.RETIRE

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        if facts.expires_at is not None and facts.expires_at <= at:
            used = f"last used on {day(facts.last_used_at)}" if facts.last_used_at else "no use of it is known"
            yield Observation(f"It was needed until {day(facts.expires_at)}; {used}.")
