"""Each tenant's agent health check (S2-24): hourly, as an identity of its own that reads the audit and no more."""

from datetime import datetime

from django.db.models import Min
from django.db.models.functions import Coalesce

from identities.access.permissions import AUDIT_READ, WORKFLOW_EXECUTE
from scheduling.builtin.agent_health_check import AgentHealthCheck
from scheduling.builtin.giving import BuiltIn
from scheduling.models import BUILT_IN, Schedule

HEALTH_CHECK = BuiltIn(
    key="steward-agent-health-check",
    name="Agent health check",
    step="look",
    kind=AgentHealthCheck.kind,
    # Not at the full hour, when everybody else's jobs begin.
    cron="7 * * * *",
    identity="steward-agent-health",
    secret_name="steward/agent-health",  # noqa: S106 - a name
    role="Built-in: agent health check",
    why="Built in: a service user that could not refresh its session is noticed within the hour.",
    permissions=(AUDIT_READ, WORKFLOW_EXECUTE),
    purpose="Looks through the audit for service users whose refresh failed, and tells whoever answers for them.",
    blast_radius="read_only",
    privilege_level="low",
    backoff_seconds=60,
)


def oldest_look() -> datetime | None:
    """When the tenant was looked through whose check finished longest ago; None where none is going on.

    A tenant that paused or removed its check is left out; one that had none yet counts from when it was given it. One
    query.
    """
    rows = Schedule.objects.filter(
        workflow__key=HEALTH_CHECK.key, created_by=BUILT_IN, deleted_at=None, is_enabled=True
    )
    looked: datetime | None = rows.aggregate(oldest=Min(Coalesce("tenant__health_look__looked_at", "created_at")))[
        "oldest"
    ]
    return looked
