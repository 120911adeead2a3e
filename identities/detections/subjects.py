"""How a finding is named in the audit."""

from audit.actors import Subject
from identities.detections.models import Finding


def subject_of(finding: Finding, identity_name: str = "") -> Subject:
    """The finding as the thing an event is about; the name spares a query where it is at hand."""
    of = identity_name or finding.identity.name
    return Subject(kind="finding", id=str(finding.pk), label=f"{finding.code} on {of}", tenant_id=finding.tenant_id)
