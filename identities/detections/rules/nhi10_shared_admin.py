"""NHI10-SHARED-ADMIN: an administrator account that several people share."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Rule
from identities.inventory.vocabulary import AuthMethod


class SharedAdministrator(Rule):
    """Critical always, disabled or not, whatever its tier, environment or owner (S3-34)."""

    code = "NHI10-SHARED-ADMIN"
    category = "NHI10"
    severity = Severity.CRITICAL
    title = "An administrator account shared by people"
    why = "It can do everything and proves nobody: no record says which of them it was."
    mend = "Give each person their own account, each automation its own identity, and eliminate this one."
    field = "auth_method"
    judges_disabled = True

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        if facts.auth_method == AuthMethod.HUMAN_SHARED_ADMIN:
            yield Observation("Its method of authentication is an administrator account shared by people.")
