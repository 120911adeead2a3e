"""HYGIENE-NAME: a name that does not follow the rule for its kind."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts, kind_words
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Rule


class Naming(Rule):
    """By the naming rules of the tenant's policy; a kind without a rule fits always (S3-73)."""

    code = "HYGIENE-NAME"
    category = "HYGIENE"
    severity = Severity.LOW
    title = "A name against the naming rule"
    why = "A name that follows the rule says at a glance what it is and where it belongs."
    mend = "Rename it as the policy says, or change the rule if it is the rule that is wrong."
    field = "name"

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        if not facts.standards.name_fits(facts.name, kind=facts.kind):
            rule = facts.standards.naming.get(facts.kind, "")
            yield Observation(f"Its name does not fit {rule}, the rule for {kind_words(facts.kind)}.")
