"""Elevations and break-glass grants as the audit, approvals and notices name them."""

from audit.actors import Subject
from identities.elevations.models import BreakGlassGrant, Elevation


def subject_of(row: Elevation | BreakGlassGrant) -> Subject:
    """By role and identity, in its tenant."""
    kind = "elevation" if isinstance(row, Elevation) else "break_glass"
    return Subject(kind=kind, id=str(row.pk), label=str(row), tenant_id=row.tenant_id)
