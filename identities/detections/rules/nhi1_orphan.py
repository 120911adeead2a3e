"""NHI1-ORPHAN: nobody is left who answers for it."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Rule


class Orphan(Rule):
    """No active person among owner and deputy, and no team with an active member (S3-49)."""

    code = "NHI1-ORPHAN"
    category = "NHI1"
    severity = Severity.HIGH
    title = "Nobody answers for it"
    why = "Nobody will notice that it is no longer needed, and nobody can be asked when it is misused."
    mend = "Name a technical or business owner with a working account, or a team; if nobody wants it, disable it."
    field = "technical_owner"

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        if facts.team_answers or any(owner.is_active for owner in facts.owners):
            return
        named = [f"{owner.label} ({_fault(owner.person_id is not None)})" for owner in facts.owners]
        if facts.team:
            named.append(f"team {facts.team} (no active member)")
        said = f"Named are: {', '.join(named)}." if named else "No owner and no team is named."
        yield Observation(said)


def _fault(is_known: bool) -> str:  # noqa: FBT001 - one word of two
    return "account disabled" if is_known else "matched to no account"
