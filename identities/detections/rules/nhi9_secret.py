"""NHI9-SECRET: several identities use one secret."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Remedy, Rule


class SharedSecret(Rule):
    """The same secret reference on several identities of the tenant (S3-31). One observation a place."""

    code = "NHI9-SECRET"
    category = "NHI9"
    severity = Severity.MEDIUM
    title = "A secret shared between identities"
    why = "Nobody can tell which of them made a call, and rotating it for one breaks the others."
    mend = "Issue each of them a secret of its own, then revoke the shared one."
    remedy = Remedy.CREDENTIALS

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        for shared in facts.shared_places:
            named = ", ".join(other.name for other in shared.others[:5])
            more = f" and {len(shared.others) - 5} more" if len(shared.others) > 5 else ""
            yield Observation(
                f"Its secret in {shared.place} is also that of {named}{more}.",
                key=shared.place[:200],
                details={"place": shared.place, "identityIds": [str(other.id) for other in shared.others[:20]]},
            )
