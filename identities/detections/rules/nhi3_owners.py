"""NHI3-OWNERS: a vendor's identity that lacks one of its two owners."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Rule

ROLES = ("business_owner", "technical_owner")


class VendorOwners(Rule):
    """Both a business and a technical owner with a working account are mandatory for a vendor (S3-08)."""

    code = "NHI3-OWNERS"
    category = "NHI3"
    severity = Severity.HIGH
    title = "A vendor without its two owners"
    why = "When the vendor is breached, one person must know how to cut it off and another what that costs."
    mend = "Name a business owner and a technical owner on our side."
    field = "business_owner"

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        missing = [role.replace("_", " ") for role in ROLES if not facts.has_active(role)]
        if facts.is_vendor and missing:
            yield Observation(f"There is no active {' and no active '.join(missing)}.", details={"missing": missing})
