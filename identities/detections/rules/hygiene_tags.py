"""HYGIENE-TAGS: a mandatory tag is missing."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Rule


class MandatoryTags(Rule):
    """Business unit, application, environment, owner, ticket and end date (S4-10). Nothing is guessed."""

    code = "HYGIENE-TAGS"
    category = "HYGIENE"
    severity = Severity.LOW
    title = "Mandatory tags are missing"
    why = "Policies, the SIEM and whoever is on call decide by these tags; what has none is decided by chance."
    mend = "Ask its owner and fill them in."
    field = "application"

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        there = {
            "business unit": bool(facts.business_unit),
            "application": bool(facts.application),
            "environment": bool(facts.environment),
            "owner": any(owner.person_id for owner in facts.owners),
            "ticket": bool(facts.ticket),
            "end date": facts.expires_at is not None,
        }
        missing = [name for name, is_there in there.items() if not is_there]
        if missing:
            yield Observation(f"Missing: {', '.join(missing)}.", details={"missing": missing})
