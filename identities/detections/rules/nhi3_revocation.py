"""NHI3-REVOCATION: nobody could say how to cut the vendor off, or nobody ever tried it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Rule, day

TESTED_EVERY = timedelta(days=365)


class VendorRevocation(Rule):
    """No procedure is a high finding; one that was never tried, or not for a year, a medium one."""

    code = "NHI3-REVOCATION"
    category = "NHI3"
    severity = Severity.MEDIUM
    title = "A vendor that nobody can surely cut off"
    why = "Somebody will have to disable it on a Friday afternoon, with nobody there to ask."
    mend = "Write down who revokes it where and how, then try it once and note the day."
    field = "revocation_procedure"

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        if not facts.is_vendor:
            return
        tested = facts.revocation_tested_at
        if not facts.revocation_procedure:
            yield Observation("There is no revocation procedure.", severity=Severity.HIGH)
        elif tested is None:
            yield Observation("There is a revocation procedure; that it was ever tried is not known.")
        elif tested < at - TESTED_EVERY:
            yield Observation(f"The revocation procedure was last tried on {day(tested)}, more than a year ago.")
