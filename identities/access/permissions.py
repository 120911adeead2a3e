"""The closed list of permissions, and the set of them that each portal role amounts to for the guard."""

from collections.abc import Mapping
from types import MappingProxyType

from identities.people.models import PortalRole

WORKFLOW_EXECUTE = "workflow.execute"
CREDENTIAL_ROTATE = "credential.rotate"
AUDIT_READ = "audit.read"

PERMISSIONS: frozenset[str] = frozenset(
    {
        WORKFLOW_EXECUTE,
        "schedule.read",
        "schedule.run",
        "schedule.write",
        "run.read",
        "identity.read",
        "identity.write",
        CREDENTIAL_ROTATE,
        "identity.quarantine",
        "role.read",
        "finding.read",
        AUDIT_READ,
        "audit.write_event",
        "token.introspect",
        "review.read",
        "register.import",
        "report.read",
        "secret.read",
    }
)

# Reading a secret's value, asking about other parties' tokens and writing foreign events are for machines alone.
MACHINES_ONLY: frozenset[str] = frozenset({"secret.read", "token.introspect", "audit.write_event"})
_READS: frozenset[str] = frozenset(name for name in PERMISSIONS if name.endswith(".read")) - MACHINES_ONLY

PORTAL_PERMISSIONS: Mapping[PortalRole, frozenset[str]] = MappingProxyType(
    {
        PortalRole.READ_ONLY: frozenset({"schedule.read", "run.read", "identity.read", "role.read", "finding.read"}),
        PortalRole.ANALYST: _READS | {WORKFLOW_EXECUTE, "schedule.run"},
        PortalRole.AUDITOR: _READS,
        PortalRole.ADMIN: PERMISSIONS - MACHINES_ONLY,
    }
)
