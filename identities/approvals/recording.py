"""What the audit says about approvals, on the timeline of what they are about."""

from audit import services as audit
from audit.actors import Actor, Subject
from audit.events import Outcome
from identities.approvals.models import ApprovalRequest
from identities.events import ApprovalEvent
from identities.inventory.subjects import subject_of


def about(approval: ApprovalRequest) -> Subject:
    """Whose timeline it stands on: the identity's where there is one, else the subject's own."""
    if approval.identity is not None:
        return subject_of(approval.identity)
    return Subject(
        kind=approval.subject_kind,
        id=str(approval.subject_id),
        label=approval.subject_label,
        tenant_id=approval.tenant_id,
    )


def record(
    event: ApprovalEvent,
    approval: ApprovalRequest,
    *,
    actor: Actor,
    reason: str = "",
    outcome: Outcome = Outcome.SUCCESS,
    **details: object,
) -> None:
    """One event; the content itself stays on the approval, its hash says which it was."""
    audit.record(
        event,
        actor=actor,
        subject=about(approval),
        outcome=outcome,
        reason=reason,
        details={
            "approval_id": str(approval.pk),
            "summary": approval.summary,
            "content_sha256": approval.content_hash,
            "ticket": approval.ticket,
            **details,
        },
        tenant_id=approval.tenant_id,
    )
