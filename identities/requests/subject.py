"""A request as others approve it: what exactly they say yes to, who answers for it, and what their answer does."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.utils import timezone

from audit import services as audit
from audit.actors import Actor, Subject
from audit.moments import zulu
from identities.approvals.models import ApprovalRequest, ApprovalState
from identities.approvals.subjects.base import Approvable
from identities.events import RequestEvent
from identities.requests import selectors
from identities.requests.models import IdentityRequest, RequestState

KIND = "identity_request"
_PLAIN = (
    "bundle", "name", "kind", "environment", "purpose", "workflow", "data_classification", "customer_facing",
    "permissions", "ticket", "store_secret_at", "evidence", "change_note", "rollback_plan", "risk_tier",
    "requested_by_id",
)  # fmt: skip
_ENDED = {
    ApprovalState.REJECTED: (RequestState.REJECTED, RequestEvent.REJECTED),
    ApprovalState.WITHDRAWN: (RequestState.CANCELLED, RequestEvent.CANCELLED),
    ApprovalState.EXPIRED: (RequestState.EXPIRED, RequestEvent.EXPIRED),
}


def subject_of(row: IdentityRequest) -> Subject:
    """As the audit and approvals name it."""
    return Subject(kind=KIND, id=str(row.pk), label=row.name, tenant_id=row.tenant_id)


def content_of(row: IdentityRequest) -> dict[str, Any]:
    """Everything that is asked for, as plain JSON."""
    ids = ("identity_id", "technical_owner_id", "owner_team_id")
    return {
        **{name: getattr(row, name) for name in _PLAIN},
        **{name: str(key) if (key := getattr(row, name)) else None for name in ids},
        "expires_at": zulu(row.expires_at),
    }


def locked(pk: UUID) -> IdentityRequest | None:
    """The row as it is now, held until the caller's transaction ends; its identity has to be held before."""
    rows = IdentityRequest.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("identity", "approval", "technical_owner", "owner_team").filter(pk=pk).first()


def close(row: IdentityRequest, state: RequestState, event: RequestEvent, *, reason: str, actor: Actor) -> None:
    """It is over without an identity. In the caller's transaction, with the row locked."""
    row.state, row.state_reason, row.closed_at, row.problem = state, reason, timezone.now(), ""
    row.save(update_fields=["state", "state_reason", "closed_at", "problem"])
    audit.record(event, actor=actor, subject=subject_of(row), reason=reason, details={"risk_tier": row.risk_tier})


class RequestedIdentity(Approvable):
    """An identity that is asked for, or a role for one that is there."""

    kind = KIND
    label = "Identity request"

    def content(self, subject_id: UUID) -> dict[str, Any] | None:
        row = locked(subject_id)
        return content_of(row) if row is not None and row.state == RequestState.PENDING else None

    def owners(self, approval: ApprovalRequest) -> Collection[UUID]:
        rows = IdentityRequest.objects.select_related("identity", "technical_owner", "owner_team")
        row = rows.filter(pk=approval.subject_id).first()
        return selectors.answering_ids(row) if row is not None else ()

    def approved(self, approval: ApprovalRequest, *, actor: Actor) -> None:
        row = locked(approval.subject_id)
        if row is None or row.state != RequestState.PENDING:
            return
        row.state, row.approved_at, row.approval, row.try_at = RequestState.APPROVED, timezone.now(), approval, None
        row.save(update_fields=["state", "approved_at", "approval", "try_at"])
        details = {"risk_tier": row.risk_tier, "content_sha256": approval.content_hash}
        audit.record(RequestEvent.APPROVED, actor=actor, subject=subject_of(row), details=details)

    def ended(self, approval: ApprovalRequest, *, reason: str, actor: Actor) -> None:
        row = locked(approval.subject_id)
        if row is None or row.state != RequestState.PENDING:
            return
        state, event = _ENDED[ApprovalState(approval.state)]
        close(row, state, event, reason=reason, actor=actor)
