"""What the findings keep of an identity that is quarantined."""

from datetime import datetime
from typing import Any

from identities.detections.models import Finding, LeakMatch
from identities.inventory.models import ManagedIdentity
from identities.lifecycle.evidence.base import Evidence, written

MOST = 200
_FINDING = ("id", "code", "severity", "state", "evidence", "first_seen_at", "last_seen_at", "opened_at", "resolved_at")
_LEAK = ("id", "secret_id", "action", "report__door", "report__source", "report__reported_at", "report__reported_by")


class Findings(Evidence):
    """Kind `findings`: open, accepted and past ones, and the reports of leaks that named it."""

    kind = "findings"

    def of(self, identity: ManagedIdentity, at: datetime) -> Any:
        leaks = LeakMatch.objects.filter(identity=identity).order_by("-report__reported_at")
        return {
            "findings": written(Finding.objects.filter(identity=identity)[:MOST], _FINDING),
            "leaks": written(leaks[:MOST], _LEAK),
        }
