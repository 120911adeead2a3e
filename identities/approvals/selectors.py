"""Questions about approvals: the one of a subject, lists, and what waits for somebody."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from identities.approvals.models import ApprovalRequest, ApprovalState, ApprovalVote, Need
from identities.people import notices
from identities.people.models import User

#: What somebody is told who may vote.
ASKED = "approval_asked"


def approvals(tenant_ids: Collection[UUID] | None) -> QuerySet[ApprovalRequest]:
    """Approvals of these tenants (None: of every one), newest first, each with its votes."""
    votes = Prefetch("votes", queryset=ApprovalVote.objects.select_related("person"))
    rows = ApprovalRequest.objects.select_related("identity").prefetch_related(votes)
    return rows if tenant_ids is None else rows.filter(tenant_id__in=tenant_ids)


def latest(subject_kind: str, subject_id: UUID) -> ApprovalRequest | None:
    """The last that was asked about this subject, whatever became of it."""
    return _about(subject_kind, subject_id).first()


def pending_of(subject_kind: str, subject_id: UUID) -> ApprovalRequest | None:
    """The one about this subject that waits."""
    return _about(subject_kind, subject_id).filter(state=ApprovalState.PENDING).first()


def spans(approval: ApprovalRequest) -> tuple[datetime, datetime]:
    """Since when it has been asked for, asked anew or not; and since when it has stood as approved before that."""
    began = approval.requested_at
    rows = _about(approval.subject_kind, approval.subject_id).filter(requested_at__lte=began)
    for state, requested_at, decided_at in rows.values_list("state", "requested_at", "decided_at"):
        if state == ApprovalState.APPROVED:
            return began, decided_at or requested_at
        began = min(began, requested_at)
    return began, began


def waiting_for(person: User) -> QuerySet[ApprovalRequest]:
    """Pending ones that this person was asked about and has not answered, the longest waiting first."""
    asked = notices.waiting(person).filter(kind=ASKED).values_list("about_id", flat=True)
    rows = ApprovalRequest.objects.select_related("identity").filter(state=ApprovalState.PENDING)
    return rows.filter(pk__in=[UUID(text) for text in asked]).order_by("requested_at", "id")


def met(approval: ApprovalRequest) -> dict[Need, ApprovalVote]:
    """The yes to each need that has one."""
    return {Need(vote.need): vote for vote in approval.votes.all() if vote.is_approval}


def open_needs(approval: ApprovalRequest) -> list[Need]:
    """What still waits for a yes, in the order of asking."""
    found = met(approval)
    return [Need(need) for need in approval.needs if need not in found]


def _about(subject_kind: str, subject_id: UUID) -> QuerySet[ApprovalRequest]:
    rows = ApprovalRequest.objects.filter(subject_kind=subject_kind, subject_id=subject_id)
    return rows.order_by("-requested_at", "-pk")
