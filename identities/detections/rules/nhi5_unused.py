"""NHI5-UNUSED: a role that nothing has needed for as long as it takes to be dormant."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Remedy, Rule, day


class UnusedRole(Rule):
    """One observation for each binding whose permissions were not used; a young binding gets its time."""

    code = "NHI5-UNUSED"
    category = "NHI5"
    severity = Severity.LOW
    title = "A role that is not used"
    why = "Permissions that nobody uses cost nothing to take away and help only an intruder."
    mend = "End the binding. If the role is needed once a year, bind it for those days."
    remedy = Remedy.ACCESS

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        quiet_since = at - timedelta(days=facts.standards.dormant_after_days)
        for binding in facts.bindings:
            if (
                binding.permissions
                and max(binding.valid_from, binding.last_used_at or binding.valid_from) < quiet_since
            ):
                used = f"last used on {day(binding.last_used_at)}" if binding.last_used_at else "never used"
                yield Observation(
                    f"The role {binding.role}, held since {day(binding.valid_from)}, was {used}.",
                    key=str(binding.id),
                    details={"bindingId": str(binding.id), "permissions": sorted(binding.permissions)},
                )
