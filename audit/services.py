"""Recording: one row, in the same transaction as the change it tells of, so that neither is there without the other."""

from collections.abc import Mapping
from uuid import UUID, uuid4

from django.db import connection, models
from django.utils import timezone

from audit import context
from audit.actors import Actor, Subject
from audit.events import Outcome
from audit.links import tag_of
from audit.models import AuditEvent
from audit.scrubbing import clean_changes, clean_members, clean_text


class NotInTransaction(RuntimeError):
    """`record` was called outside `transaction.atomic()`: the change and its record could part."""


def record(
    event: str,
    *,
    actor: Actor,
    subject: Subject,
    outcome: Outcome = Outcome.SUCCESS,
    reason: str = "",
    changes: Mapping[str, Mapping[str, object]] | None = None,
    details: Mapping[str, object] | None = None,
    tenant_id: UUID | None = None,
    run_id: UUID | None = None,
) -> AuditEvent:
    """Insert one event; exactly one INSERT and no other query.

    `changes` is `{field: {"previous": …, "current": …}}`. The tenant is the subject's, else the actor's; correlation
    id, address and run come from `audit.context`. Secrets in texts and members are masked, over-long text is cut,
    floats become text. Raises `NotInTransaction` outside of an atomic block. The event gets its number and its link
    within seconds, from the sealer; promised is the order of sealing, not of ids.
    """
    if not _is_in_transaction():
        raise NotInTransaction(event)
    row = compose(
        event,
        actor=actor,
        subject=subject,
        outcome=outcome,
        reason=reason,
        changes=changes,
        details=details,
        tenant_id=tenant_id,
        run_id=run_id,
    )
    row.save(force_insert=True)
    return row


def compose(
    event: str,
    *,
    actor: Actor,
    subject: Subject,
    outcome: Outcome = Outcome.SUCCESS,
    reason: str = "",
    changes: Mapping[str, Mapping[str, object]] | None = None,
    details: Mapping[str, object] | None = None,
    tenant_id: UUID | None = None,
    run_id: UUID | None = None,
) -> AuditEvent:
    """The event that `record` inserts, not yet inserted.

    Only for a change that is inserted in one statement together with its event (a token): all others call `record`.
    """
    around = context.current()
    row = AuditEvent(
        uuid=uuid4(),
        recorded_at=timezone.now(),
        tenant_id=tenant_id or subject.tenant_id or actor.tenant_id,
        type=_fit("type", event),
        outcome=Outcome(outcome).value,
        reason=clean_text(reason),
        actor_kind=actor.kind.value,
        actor_id=_fit("actor_id", actor.id),
        actor_label=_fit("actor_label", actor.label),
        actor_client_id=_fit("actor_client_id", actor.client_id),
        subject_kind=_fit("subject_kind", subject.kind),
        subject_id=_fit("subject_id", subject.id),
        subject_label=_fit("subject_label", subject.label),
        changes=clean_changes(changes or {}),
        details=clean_members(details or {}),
        correlation_id=_fit("correlation_id", around.correlation_id),
        run_id=run_id or around.run_id,
        address=_fit("address", around.address),
    )
    row.tag = tag_of(row.as_record())
    return row


_LIMITS = {
    field.name: field.max_length or 0
    for field in AuditEvent._meta.concrete_fields
    if isinstance(field, models.CharField)
}


def _fit(field: str, text: object) -> str:
    return clean_text(str(text), _LIMITS[field])


def _is_in_transaction() -> bool:
    # The atomic block a test case wraps around a test is not the caller's: it must not hide a missing one.
    blocks = getattr(connection, "atomic_blocks", ())
    return connection.in_atomic_block and any(not getattr(block, "_from_testcase", False) for block in blocks)
