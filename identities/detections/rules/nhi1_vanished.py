"""NHI1-VANISHED: the platform it lived on no longer reports it."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Remedy, Rule, day


class Vanished(Rule):
    """All of its sources have stopped reporting it, and the register still counts it as working."""

    code = "NHI1-VANISHED"
    category = "NHI1"
    severity = Severity.MEDIUM
    title = "No longer reported by its source"
    why = "It was probably removed where it lived, but its secrets, roles and copies here were not."
    mend = "Make sure that it is gone there, then retire it here; or import the source again if that was incomplete."
    remedy = Remedy.RETIRE

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        if facts.unreported_since is not None:
            sources = ", ".join(facts.reported_by) or "its source"
            yield Observation(
                f"Not reported by {sources} since {day(facts.unreported_since)}; its state is {facts.state}."
            )
