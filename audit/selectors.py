"""Reading the audit: events by what a person asks for, and how far they are proven."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from audit.models import AuditCheckpoint, AuditEvent, AuditEventQuerySet, AuditVerification, SealHead


def events(
    tenant_ids: Collection[UUID] | None,
    *,
    actor: str = "",
    actor_kind: str = "",
    is_human: bool | None = None,
    subject: str = "",
    subject_kind: str = "",
    event: str = "",
    outcome: str = "",
    correlation_id: str = "",
    run_id: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> AuditEventQuerySet:
    """Events of these tenants (`None`: of all, and of none), newest first, each with its seal in the same query.

    `actor` is an id, a client id or a label; `subject` an id or a label; `event` is a whole type, or the part up to a
    dot (`token.`). `since` counts in, `until` does not. `is_human` splits people from machines (S0-04).
    """
    found = AuditEvent.objects.in_tenants(tenant_ids).select_related("seal").order_by("-id")
    if is_human is not None:
        found = found.humans() if is_human else found.machines()
    if actor:
        found = found.filter(Q(actor_id=actor) | Q(actor_client_id=actor) | Q(actor_label__iexact=actor))
    if subject:
        found = found.filter(Q(subject_id=subject) | Q(subject_label__iexact=subject))
    if event:
        found = found.filter(type__startswith=event) if event.endswith(".") else found.filter(type=event)
    exact = {
        "actor_kind": actor_kind, "subject_kind": subject_kind, "outcome": outcome, "correlation_id": correlation_id,
        "run_id": run_id, "recorded_at__gte": since, "recorded_at__lt": until,
    }  # fmt: skip
    return found.filter(**{name: value for name, value in exact.items() if value})


@dataclass(frozen=True, slots=True)
class VerificationState:
    """How far the trail is proven. `is_intact` is the last walk's answer, `None` when there was none yet."""

    sealed: int
    unsealed: int
    checkpoint_seq: int
    checkpoint_at: datetime | None
    verified_at: datetime | None
    verified_up_to: int
    is_intact: bool | None
    message: str
    break_kind: str = ""
    break_seq: int | None = None


def verification_state() -> VerificationState:
    """For screens: four small queries, no walk. Only `verify_audit` proves anything."""
    head = SealHead.objects.filter(id=1).first() or SealHead()
    checkpoint = AuditCheckpoint.objects.order_by("-seq").first()
    last = AuditVerification.objects.order_by("-id").first()
    return VerificationState(
        sealed=head.seq,
        unsealed=AuditEvent.objects.unsealed().filter(id__gt=head.swept_id).count(),
        checkpoint_seq=checkpoint.seq if checkpoint else 0,
        checkpoint_at=checkpoint.taken_at if checkpoint else None,
        verified_at=last.finished_at if last else None,
        verified_up_to=last.sealed if last else 0,
        is_intact=last.is_intact if last else None,
        message=last.message if last else "Not verified yet: run verify_audit.",
        break_kind=last.break_kind if last else "",
        break_seq=last.break_seq if last else None,
    )
