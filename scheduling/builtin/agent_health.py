"""Each tenant's agent health check (S2-24): hourly, as an identity of its own that reads the audit and no more."""

from identities.access.permissions import AUDIT_READ, WORKFLOW_EXECUTE
from scheduling.builtin.agent_health_check import AgentHealthCheck
from scheduling.builtin.giving import BuiltIn

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
