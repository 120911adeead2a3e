"""NHI3-CONTRACT: the vendor's contract was due for renewal."""

from collections.abc import Iterator
from datetime import UTC, datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Rule


class VendorContract(Rule):
    """The day of renewal is past."""

    code = "NHI3-CONTRACT"
    category = "NHI3"
    severity = Severity.MEDIUM
    title = "A vendor whose contract ran out"
    why = "A vendor without a contract has no reason to have access, and none to tell us of a breach."
    mend = "Ask the business owner: enter the new date of renewal, or end the vendor's access."
    field = "vendor_renewal_on"

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        due = facts.vendor_renewal_on
        if facts.is_vendor and due is not None and due < at.astimezone(UTC).date():
            contract = f" ({facts.vendor_contract})" if facts.vendor_contract else ""
            yield Observation(f"The contract{contract} was to be renewed by {due.day} {due:%b %Y}.")
