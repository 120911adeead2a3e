"""Telling: who may vote is asked once, who asked hears how it ended, and what is done waits for nobody."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from audit.actors import Subject
from identities.approvals.entitlement import Able
from identities.approvals.models import ApprovalRequest
from identities.approvals.selectors import ASKED, open_needs
from identities.people import notices
from identities.people.models import User

DECIDED = "approval_decided"


def ask(approval: ApprovalRequest, able: Able) -> None:
    """Everybody who can meet an open need, now."""
    lines = [f"Asked by {approval.requested_by}."]
    lines += [f"Ticket: {approval.ticket}"] if approval.ticket else []
    lines += [f"It ends unanswered on {approval.due_at:%d %B %Y}."] if approval.due_at else []
    notices.tell(
        able.everybody(open_needs(approval)).values(),
        tenant_id=approval.tenant_id,
        kind=ASKED,
        key=f"{ASKED}:{approval.pk}",
        subject=f"Your approval is asked: {approval.summary}",
        text="\n".join(lines),
        about=_subject(approval),
        waits=True,
        due_at=approval.due_at,
    )


def less(approval: ApprovalRequest, able: Able, *, voters: Iterable[UUID], at: datetime) -> None:
    """A need is met and others are open: who can do nothing more about it is asked no longer."""
    voted = set(voters)
    still = {pk for pk in able.everybody(open_needs(approval)) if pk not in voted}
    done = {**able.security, **able.admins, **able.owners}
    idle = [person for pk, person in done.items() if pk not in still]
    notices.settle(ASKED, about_id=approval.pk, at=at, people=idle)


def settle(approval: ApprovalRequest, *, at: datetime) -> None:
    """It waits for nobody any more."""
    notices.settle(ASKED, about_id=approval.pk, at=at)


def answer(approval: ApprovalRequest, *, reason: str) -> None:
    """Tell who asked how it ended."""
    try:
        asker = User.objects.filter(pk=UUID(approval.requested_by_id)).first()
    except ValueError:
        return
    if asker is not None:
        notices.tell(
            [asker],
            tenant_id=approval.tenant_id,
            kind=DECIDED,
            key=f"{DECIDED}:{approval.pk}",
            subject=f"{approval.get_state_display()}: {approval.summary}",
            text=reason,
            about=_subject(approval),
        )


def _subject(approval: ApprovalRequest) -> Subject:
    return Subject(kind="approval", id=str(approval.pk), label=approval.summary, tenant_id=approval.tenant_id)
