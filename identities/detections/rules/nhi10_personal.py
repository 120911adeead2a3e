"""NHI10-PERSONAL: a machine works with a person's account."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts, kind_words
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Rule
from identities.inventory.vocabulary import OwnershipClass


class PersonalAccount(Rule):
    """By its ownership class, or because a person of the tenant signs in under its name (S3-13)."""

    code = "NHI10-PERSONAL"
    category = "NHI10"
    severity = Severity.HIGH
    title = "A person's account used by a machine"
    why = "What it does reads as that person's doing, it may do all they may, and it breaks the day they leave."
    mend = "Make a service principal or an app registration with its own role, and move the automation to it."
    field = "ownership_class"

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        if facts.namesake:
            yield Observation(f"Its name is the address with which {facts.namesake} signs in.")
        elif facts.ownership_class == OwnershipClass.HUMAN:
            yield Observation(f"It is {kind_words(facts.kind)}, and its account belongs to a person.")
