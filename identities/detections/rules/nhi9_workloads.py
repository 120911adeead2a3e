"""NHI9-WORKLOADS: several workloads act as one identity."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Rule


class Workloads(Rule):
    """Each workload or integration has an identity of its own (S3-33). Stronger where several teams run them."""

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
        more = f" and {len(named) - 6} more" if len(named) > 6 else ""
        whose = f", run by {', '.join(teams)}" if len(teams) > 1 else ""
        yield Observation(
            f"These act as it: {', '.join(named[:6])}{more}{whose}.",
            details={"workloads": named[:50], "teams": teams},
            severity=Severity.MEDIUM if len(teams) > 1 else None,
        )
