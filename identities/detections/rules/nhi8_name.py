"""NHI8-NAME: its name says another environment than its row."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.environments import environments_in
from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Rule


class NameSaysAnother(Rule):
    """Only where both are known and the name does not say its own environment as well."""

    code = "NHI8-NAME"
    category = "NHI8"
    severity = Severity.MEDIUM
    title = "Its name says another environment"
    why = "Either the row is wrong and its rules are too weak, or an identity has wandered between environments."
    mend = "Correct the environment, or give the other environment an identity of its own."
    field = "environment"

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        said = environments_in(facts.name)
        if facts.environment and said and facts.environment not in said:
            yield Observation(f"The name says {' and '.join(sorted(said))}, the register says {facts.environment}.")
