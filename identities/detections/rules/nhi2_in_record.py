"""NHI2-IN-RECORD: a field of the register holds a secret where a reference belongs."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts, reads_as_secret
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Rule


class InRecord(Rule):
    """One observation for each field. It names the field and never what stands in it."""

    code = "NHI2-IN-RECORD"
    category = "NHI2"
    severity = Severity.CRITICAL
    title = "A secret stands in the register"
    why = "A register is read by many and exported often: a value in it is a leaked value."
    mend = "Take the value out of the field, put it into a vault, and rotate it: it has been seen."
    field = "description"
    judges_disabled = True

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        if not facts.is_tainted:
            return
        for name, text in facts.texts.items():
            if reads_as_secret(text):
                yield Observation(f"The field {name} holds what reads as a secret.", key=name, details={"field": name})
