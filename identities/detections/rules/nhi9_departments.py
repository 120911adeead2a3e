"""NHI9-DEPARTMENTS: one bot serves several departments."""

import re
from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Rule

TAGS = ("department", "departments", "business-unit", "business_unit", "businessunit", "bu")
# Not at "and" or "&": Research and Development is one department.
_BETWEEN = re.compile(r"[,;|+/]")


class Departments(Rule):
    """By its business unit and the tags that name one (S4-13)."""

    code = "NHI9-DEPARTMENTS"
    category = "NHI9"
    severity = Severity.MEDIUM
    title = "One identity for several departments"
    why = "It may do what either of them needs, and neither of them can end it without the other."
    mend = "Give each department an identity of its own, with just the access that it needs."
    field = "business_unit"

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        texts = [facts.business_unit, *(facts.tags.get(name, "") for name in TAGS)]
        named = {
            part.strip().casefold(): part.strip() for text in texts for part in _BETWEEN.split(text) if part.strip()
        }
        if len(named) > 1:
            listed = [named[name] for name in sorted(named)]
            yield Observation(f"It serves {', '.join(listed)}.", details={"departments": listed})
