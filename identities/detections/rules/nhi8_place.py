"""NHI8-PLACE: one place in a vault serves identities of several environments."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Remedy, Rule


class PlaceAcrossEnvironments(Rule):
    """One observation a place (S3-38, S3-39)."""

    code = "NHI8-PLACE"
    category = "NHI8"
    severity = Severity.HIGH
    title = "One vault path across environments"
    why = "Whoever may read the path for the weaker environment reads the secret of the stronger one."
    mend = "Give each environment a path and a secret of its own, and rotate the one that was shared."
    remedy = Remedy.CREDENTIALS

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        for shared in facts.shared_places:
            others = [it for it in shared.others if it.environment and it.environment != facts.environment]
            if not facts.environment or not others:
                continue
            named = ", ".join(f"{other.name} ({other.environment})" for other in others[:5])
            yield Observation(
                f"{shared.place} serves it in {facts.environment}, and {named}.",
                key=shared.place[:200],
                details={"place": shared.place, "identityIds": [str(other.id) for other in others[:20]]},
            )
