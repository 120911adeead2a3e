"""NHI1-OWNER-LEFT: somebody named as owner has no working account any more."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Rule


class OwnerLeft(Rule):
    """One observation for each role whose person's account is disabled."""

    code = "NHI1-OWNER-LEFT"
    category = "NHI1"
    severity = Severity.MEDIUM
    title = "A named owner has left"
    why = "What a person leaves behind keeps working, and keeps whatever that person knew of its secrets."
    mend = "Hand it over to somebody who is there, and rotate the secrets that the former owner may know."
    field = "technical_owner"

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        for owner in facts.owners:
            if owner.person_id is not None and not owner.is_active:
                role = owner.role.replace("_", " ")
                yield Observation(f"The account of its {role} {owner.label} is disabled.", key=owner.role)
