"""Facts to be judged: one identity against which nothing speaks, to be spoiled member by member."""

from datetime import UTC, datetime, timedelta
from typing import Any

from identities.inventory.assessable import Assessable
from identities.inventory.orphans import Answerer

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
DANA = Answerer("business owner", "dana@example.com")
TEAM = Answerer("team", "Finance")

BLAMELESS: dict[str, Any] = {
    "created_at": NOON - 30 * DAY,
    "chain": (DANA, TEAM),
    "has_team": True,
    "kind": "cron_job",
    "ownership_class": "workload",
    "environment": "production",
    "purpose": "Pays salaries.",
    "risk_tier": "high",
    "privilege_level": "medium",
    "blast_radius": "write_limited",
    "deprovisioning_trigger": "The payroll system is replaced.",
    "rotate_by": NOON + 10 * DAY,
    "last_used_at": NOON - timedelta(minutes=1),
    "schedule_cadence_seconds": 60,
    "review_by": (NOON + 60 * DAY).date(),
    "ticket": "FIN-2041",
    "business_unit": "Finance",
    "application": "payroll",
}


def facts(**spoiled: Any) -> Assessable:
    """An identity without blame, but for what is `spoiled`."""
    return Assessable(**{**BLAMELESS, **spoiled})


def external(**spoiled: Any) -> Assessable:
    """One that somebody else issues, without blame, but for what is `spoiled`."""
    described = {
        "issuance": "external",
        "auth_method": "federated",
        "upstream_trust_source": "https://token.example.com subject=repo:shop",
        "downstream_permissions": ("s3:GetObject",),
        "revocation_procedure": "Remove the federated credential.",
        "rotate_by": None,
        "schedule_cadence_seconds": None,
        "reported_by": ("aws/1",),
    }
    return facts(**{**described, **spoiled})
