"""Reading the audit: events by what a person asks for, and how far they are proven."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from audit.models import AuditCheckpoint, AuditEvent, AuditEventQuerySet, AuditSeal, AuditVerification, SealHead

#: Among so many of the latest events a part of a name is looked for; so many are found at most, as a list shows.
RECENT, MOST_FOUND = 10_000, 1_001
#: No page counts further: whether it is a thousand or a million that wait, the sealer stands still.
MOST_UNSEALED = 10_000
SLACK, LAST_ID = timedelta(days=1), 2**63 - 1


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
        "run_id": run_id,
    }  # fmt: skip
    return found.filter(between(since, until), **{name: value for name, value in exact.items() if value})


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


def about(tenant_ids: Collection[UUID] | None, subject_id: str) -> AuditEventQuerySet:
    """Everything that was done to the thing with this id, newest first; by an index, whatever else happened."""
    return AuditEvent.objects.in_tenants(tenant_ids).filter(subject_id=subject_id).order_by("-id")


def naming(term: str, among: QuerySet[AuditEvent]) -> Q:
    """What a search finds `among` these: whoever and whatever `term` names whole, by an index and in any year.

    A part of a name is looked for in the latest `RECENT` of them only: in ten millions it would be read for minutes.
    Two statements.
    """
    rows = among.select_related(None).order_by("-id")
    whole = (
        Q(subject_id=term) | Q(actor_id=term) | Q(correlation_id=term) | Q(type=term) | Q(actor_client_id=term)
        | Q(subject_label__iexact=term) | Q(actor_label__iexact=term)
    )  # fmt: skip
    part = Q()
    for member in ("subject_label", "actor_label", "type", "subject_id", "actor_id", "actor_client_id"):
        part |= Q(**{f"{member}__icontains": term})
    latest = AuditEvent.objects.filter(pk__in=rows.values("pk")[:RECENT]).filter(part).order_by("-id")
    found = [list(each.values_list("pk", flat=True)[:MOST_FOUND]) for each in (rows.filter(whole), latest)]
    return Q(pk__in={key for keys in found for key in keys})


def between(since: datetime | None, until: datetime | None) -> Q:
    """Recorded from `since` on and before `until`. Ids grow with time, so that what lies outside is not read at all.

    The bounds of ids lie `SLACK` further out: clocks differ, and a transaction may last.
    """
    found, rows = Q(), AuditEvent.objects.order_by("recorded_at").values("pk")
    if since is not None:
        before = Subquery(rows.filter(recorded_at__lt=since - SLACK).reverse()[:1])
        found &= Q(recorded_at__gte=since, pk__gte=Coalesce(before, 0))
    if until is not None:
        after = Subquery(rows.filter(recorded_at__gte=until + SLACK)[:1])
        found &= Q(recorded_at__lt=until, pk__lte=Coalesce(after, LAST_ID))
    return found


def verification_state() -> VerificationState:
    """For screens: four small queries, no walk. Only `verify_audit` proves anything."""
    head = SealHead.objects.filter(id=1).first() or SealHead()
    checkpoint = AuditCheckpoint.objects.order_by("-seq").first()
    last = AuditVerification.objects.order_by("-id").first()
    return VerificationState(
        sealed=head.seq,
        unsealed=_unsealed(head).count(),
        checkpoint_seq=checkpoint.seq if checkpoint else 0,
        checkpoint_at=checkpoint.taken_at if checkpoint else None,
        verified_at=last.finished_at if last else None,
        verified_up_to=last.sealed if last else 0,
        is_intact=last.is_intact if last else None,
        message=last.message if last else "Not verified yet: run verify_audit.",
        break_kind=last.break_kind if last else "",
        break_seq=last.break_seq if last else None,
    )


def _unsealed(head: SealHead) -> QuerySet[AuditEvent, Any]:
    """Both tables from where the last sweep ended, and no further than a page says."""
    seals = AuditSeal.objects.filter(event_id__gt=head.swept_id, event_id=OuterRef("pk"))
    return AuditEvent.objects.filter(~Exists(seals), id__gt=head.swept_id).order_by().values("pk")[:MOST_UNSEALED]
