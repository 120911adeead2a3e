"""Asking: one question about one subject, bound to what stands to be approved; a new one takes the old one's place."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, Subquery
from django.utils import timezone

from audit.actors import Actor, Subject
from audit.models import AuditEvent
from identities.approvals import entitlement, needs, recording, telling
from identities.approvals.models import ApprovalRequest, ApprovalState, ApprovalVote, Need
from identities.approvals.subjects.base import kinds
from identities.errors import Invalid
from identities.events import ApprovalEvent
from identities.inventory import locks
from identities.inventory.models import ManagedIdentity
from identities.inventory.portrait.base import digest

#: Unanswered for so long, it expires.
DUE = timedelta(days=14)
CHANGED = "What it was about has changed"


@transaction.atomic
def ask(
    *,
    subject: Subject,
    content: Mapping[str, Any],
    risk_tier: str,
    summary: str,
    actor: Actor,
    identity: ManagedIdentity | None = None,
    owners: Collection[UUID] = (),
    involved: Iterable[str] = (),
    ticket: str = "",
    change_note: str = "",
    rollback_plan: str = "",
    previous_content: Mapping[str, Any] | None = None,
    due_at: datetime | None = None,
) -> ApprovalRequest:
    """Ask others for a yes to `content`; of low tier nobody is asked, and it is approved at once.

    `subject.kind` names its Approvable. A pending one of the same subject is superseded, its votes with it; whoever
    had a hand in what was asked about it since it was last approved may not vote either. Asking is an owner's word
    where one is needed and one person may meet everything. Call it with the subject's row locked. Raises Invalid.
    """
    tenant_id = subject.tenant_id or (identity.tenant_id if identity else None) or actor.tenant_id
    if tenant_id is None:
        raise Invalid({"tenant_id": ["Say whose approval is asked."]})
    if identity is not None:
        locks.hold([identity.pk])
    row = ApprovalRequest(
        tenant_id=tenant_id,
        subject_kind=subject.kind,
        subject_id=UUID(subject.id),
        subject_label=subject.label[:254],
        identity=identity,
        summary=summary[:500],
        content=dict(content),
        previous_content=None if previous_content is None else dict(previous_content),
        risk_tier=risk_tier,
        ticket=ticket.strip(),
        change_note=change_note.strip(),
        rollback_plan=rollback_plan.strip(),
        requested_by=actor.label,
        requested_by_id=actor.id,
        due_at=due_at,
        involved=[actor.id, *involved],
    )
    _put(row, actor=actor, owners=owners, owner_asks=actor.is_human)
    return row


def anew(old: ApprovalRequest, content: Mapping[str, Any], *, actor: Actor) -> ApprovalRequest:
    """Ask about `content` what was asked about the content of before; no word given to that counts for this."""
    row = ApprovalRequest(
        **{name: getattr(old, name) for name in _KEPT},
        content=dict(content),
        previous_content=old.content,
        involved=[*old.involved, *_writers(old)],
    )
    _put(row, actor=actor, owners=(), owner_asks=False)
    return row


_KEPT = (
    "tenant_id", "subject_kind", "subject_id", "subject_label", "identity", "summary", "risk_tier", "ticket",
    "change_note", "rollback_plan", "requested_by", "requested_by_id",
)  # fmt: skip


def _put(row: ApprovalRequest, *, actor: Actor, owners: Collection[UUID], owner_asks: bool) -> None:
    earlier = _earlier(row)
    row.involved = sorted({*row.involved, *(who for one in earlier for who in one.involved)} - {""})
    row.content_hash = digest(row.content)
    row.needs = [need.value for need in needs.of_tier(row.risk_tier)]
    row.distinct_people = needs.is_for_two(row.risk_tier)
    row.requested_at = timezone.now()
    row.due_at = row.due_at or row.requested_at + DUE
    for one in earlier:
        if one.state == ApprovalState.PENDING:
            _supersede(one, actor=actor)
    row.save(force_insert=True)
    recording.record(ApprovalEvent.ASKED, row, actor=actor, risk_tier=row.risk_tier, needs=row.needs)
    if not row.needs:
        approve(row, actor=actor)
        return
    if owner_asks:
        _count_asking(row, actor, {*owners, *entitlement.owner_ids(row)})
    telling.ask(row, entitlement.able(row, owners=owners))


def approve(row: ApprovalRequest, *, actor: Actor) -> None:
    """Nothing is needed any more: the subject goes on in the same transaction."""
    row.state, row.decided_at = ApprovalState.APPROVED, timezone.now()
    row.save(update_fields=["state", "decided_at"])
    recording.record(ApprovalEvent.APPROVED, row, actor=actor, risk_tier=row.risk_tier)
    kind = kinds.get(row.subject_kind)
    if kind is not None:
        kind().approved(row, actor=actor)


def _earlier(row: ApprovalRequest) -> list[ApprovalRequest]:
    """What was asked about this subject since it was last approved: a hand in it stays a hand in it."""
    about = ApprovalRequest.objects.filter(subject_kind=row.subject_kind, subject_id=row.subject_id)
    approved = about.filter(state=ApprovalState.APPROVED).order_by("-requested_at").values("requested_at")[:1]
    since = about.annotate(approved_last=Subquery(approved)).filter(
        Q(approved_last=None) | Q(requested_at__gt=F("approved_last"))
    )
    return list(since.exclude(pk=row.pk).select_for_update(no_key=True, of=("self",)).order_by("pk"))


def _supersede(old: ApprovalRequest, *, actor: Actor) -> None:
    old.state, old.decided_at, old.state_reason = ApprovalState.SUPERSEDED, timezone.now(), CHANGED
    old.save(update_fields=["state", "decided_at", "state_reason"])
    telling.settle(old, at=old.decided_at)
    recording.record(ApprovalEvent.SUPERSEDED, old, actor=actor, reason=CHANGED)


def _count_asking(row: ApprovalRequest, actor: Actor, owners: set[UUID]) -> None:
    """Whoever asks as an owner has said it as the owner, unless two others have to."""
    if row.distinct_people or Need.OWNER not in row.needs or actor.id not in {str(pk) for pk in owners}:
        return
    ApprovalVote.objects.create(
        approval=row,
        need=Need.OWNER,
        person_id=UUID(actor.id),
        person_label=actor.label,
        is_approval=True,
        reason="Asked for it as an owner",
        content_hash=row.content_hash,
        at=row.requested_at,
    )


def _writers(old: ApprovalRequest) -> list[str]:
    """Who changed the subject, or its identity, since it was asked."""
    subjects = [str(old.subject_id), *([str(old.identity_id)] if old.identity_id else [])]
    since = AuditEvent.objects.humans().filter(subject_id__in=subjects, recorded_at__gte=old.requested_at)
    return list(since.exclude(changes={}).exclude(type__startswith="approval.").values_list("actor_id", flat=True))
