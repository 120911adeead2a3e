"""NHI9-WORKLOADS: several workloads act as one identity."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Rule
from identities.inventory.sharing import refusal


class Workloads(Rule):
    """Each workload or integration has an identity of its own (S3-33). Stronger where several teams run them.

    An exception lets it be shared (S4-86), for as long as it lives and what it rests on is still so.
    """

    code = "NHI9-WORKLOADS"
    category = "NHI9"
    severity = Severity.LOW
    title = "One identity for several workloads"
    why = "It holds what all of them need together, and stopping one of them stops the rest."
    mend = "Give each workload an identity of its own, with just the roles that it needs."

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        named = sorted({workload.name for workload in facts.workloads})
        teams = sorted({workload.team for workload in facts.workloads if workload.team})
        if len(named) < 2:
            return
        lost = refusal(facts.risk_tier, facts.permissions) if facts.shared_until else ""
        if facts.shared_until and at < facts.shared_until and not lost:
            return
        more = f" and {len(named) - 6} more" if len(named) > 6 else ""
        whose = f", run by {', '.join(teams)}" if len(teams) > 1 else ""
        ended = f" It may not be shared any more: {lost}" if lost else ""
        yield Observation(
            f"These act as it: {', '.join(named[:6])}{more}{whose}.{ended}",
            details={"workloads": named[:50], "teams": teams},
            severity=Severity.MEDIUM if len(teams) > 1 else None,
        )
