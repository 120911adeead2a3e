"""Adopting: what came into being by an approved request stands approved as it is, without being asked a second time."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit.actors import Actor, Subject
from identities.approvals import asking
from identities.approvals.models import ApprovalRequest
from identities.inventory import locks
from identities.inventory.models import ManagedIdentity
from identities.inventory.portrait.base import digest


@transaction.atomic
def adopt(
    source: ApprovalRequest,
    *,
    subject: Subject,
    content: Mapping[str, Any],
    identity: ManagedIdentity,
    actor: Actor,
) -> ApprovalRequest:
    """Approve `content` of `subject` at once, by what others said yes to in `source`; its Approvable goes on.

    Call it only where `content` is what `source` asked for, in the transaction that made it.
    """
    locks.hold([identity.pk])
    at = timezone.now()
    row = ApprovalRequest(
        tenant_id=source.tenant_id,
        subject_kind=subject.kind,
        subject_id=UUID(subject.id),
        subject_label=subject.label[:254],
        identity=identity,
        summary=f"As approved: {source.summary}"[:500],
        content=dict(content),
        content_hash=digest(content),
        risk_tier=source.risk_tier,
        needs=[],
        involved=source.involved,
        ticket=source.ticket,
        change_note=source.change_note,
        rollback_plan=source.rollback_plan,
        requested_by=source.requested_by,
        requested_by_id=source.requested_by_id,
        requested_at=at,
    )
    row.save(force_insert=True)
    asking.approve(row, actor=actor)
    return row
