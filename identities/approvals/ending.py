"""Ending without a yes: withdrawn by who asked, ended with its subject, or expired unanswered."""

import logging
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit.actors import Actor, ActorKind
from identities.approvals import recording, telling
from identities.approvals.models import ApprovalRequest, ApprovalState
from identities.approvals.subjects.base import kinds
from identities.errors import Conflict, DomainError, Invalid, Refused
from identities.events import ApprovalEvent
from identities.inventory import locks
from identities.people.models import PortalRole, User

UNANSWERED = "Nobody answered in time"
GONE = "What it was about is gone"
SYSTEM = Actor.system("approvals")
logger = logging.getLogger(__name__)
_EVENTS = {
    ApprovalState.REJECTED: ApprovalEvent.REJECTED,
    ApprovalState.WITHDRAWN: ApprovalEvent.WITHDRAWN,
    ApprovalState.EXPIRED: ApprovalEvent.EXPIRED,
}


@transaction.atomic
def withdraw(approval: ApprovalRequest, *, reason: str, actor: Actor) -> ApprovalRequest:
    """Take the question back: who asked may, and an ADMIN. Raises Invalid, Refused, Conflict `already_decided`."""
    if not reason.strip():
        raise Invalid({"reason": ["Say why."]})
    if not _may_withdraw(approval, actor):
        raise Refused("Only who asked, or an ADMIN, takes it back.", code="not_entitled")
    row, _ = lock(approval)
    check_pending(row)
    end(row, ApprovalState.WITHDRAWN, reason=reason.strip(), actor=actor)
    return row


@transaction.atomic
def drop(subject_kind: str, subject_id: UUID, *, reason: str, actor: Actor) -> ApprovalRequest | None:
    """The subject needs no answer any more, says the room that owns it: whoever ended it may. None where none waits.

    `Approvable.ended` is not called: who calls this knows.
    """
    rows = ApprovalRequest.objects.filter(subject_kind=subject_kind, subject_id=subject_id)
    found = rows.filter(state=ApprovalState.PENDING).first()
    if found is None:
        return None
    row, _ = lock(found)
    if row.state != ApprovalState.PENDING:
        return None
    end(row, ApprovalState.WITHDRAWN, reason=reason, actor=actor, is_told=True)
    return row


def expire_due(at: datetime, limit: int = 200) -> int:
    """End what nobody answered until `at`; each in a transaction of its own. Answers how many."""
    due = ApprovalRequest.objects.filter(state=ApprovalState.PENDING, due_at__lte=at).order_by("due_at", "pk")
    ended = 0
    for approval in due[:limit]:
        try:
            ended += _expire(approval, at)
        except DomainError:
            logger.exception("Approval %s could not expire", approval.pk)
    return ended


def end(
    row: ApprovalRequest,
    state: ApprovalState,
    *,
    reason: str,
    actor: Actor,
    at: datetime | None = None,
    is_told: bool = False,
) -> None:
    """Write down that it ended like this, and tell the subject's room unless it knows (`is_told`), and who asked."""
    row.state, row.state_reason, row.decided_at = state, reason, at or timezone.now()
    row.save(update_fields=["state", "state_reason", "decided_at"])
    telling.settle(row, at=row.decided_at)
    recording.record(_EVENTS[state], row, actor=actor, reason=reason)
    kind = kinds.get(row.subject_kind)
    if kind is not None and not is_told:
        kind().ended(row, reason=reason, actor=actor)
    if actor.id != row.requested_by_id:
        telling.answer(row, reason=reason)


def lock(approval: ApprovalRequest) -> tuple[ApprovalRequest, dict[str, Any] | None]:
    """Its identity first, then what it is about, then its own row: the order of everybody who asks.

    Beside the row, what stands to be approved now; None where that is gone.
    """
    if approval.identity_id is not None:
        locks.hold([approval.identity_id])
    kind = kinds.get(approval.subject_kind)
    content = kind().content(approval.subject_id) if kind is not None else None
    rows = ApprovalRequest.objects.select_for_update(no_key=True, of=("self",)).select_related("identity")
    return rows.get(pk=approval.pk), content


def check_pending(row: ApprovalRequest) -> None:
    """Raises Conflict for one that takes no votes."""
    if row.state == ApprovalState.SUPERSEDED:
        raise Conflict("What it was about has changed since: it was asked anew.", code="changed_since")
    if row.state != ApprovalState.PENDING:
        raise Conflict(f"This approval is {row.state} already.", code="already_decided")


@transaction.atomic
def _expire(approval: ApprovalRequest, at: datetime) -> int:
    row, _ = lock(approval)
    if row.state != ApprovalState.PENDING or row.due_at is None or row.due_at > at:
        return 0
    end(row, ApprovalState.EXPIRED, reason=UNANSWERED, actor=SYSTEM, at=at)
    return 1


def _may_withdraw(approval: ApprovalRequest, actor: Actor) -> bool:
    if actor.id == approval.requested_by_id or actor.kind is ActorKind.SYSTEM:
        return True
    if not actor.is_human:
        return False
    person = User.objects.filter(pk=actor.id, is_active=True, is_agent=False, role=PortalRole.ADMIN).first()
    return person is not None and (person.is_platform_admin or person.tenant_id == approval.tenant_id)
