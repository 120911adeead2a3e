"""Recording: one row, in the same transaction as the change it tells of, so that neither is there without the other."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, models

from audit import chain, clock, context
from audit.actors import Actor, Subject
from audit.events import Outcome
from audit.links import tag_of, tag_of_written
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
    id, address, run and what was said about the change come from `audit.context`. Secrets in texts and members are
    masked, over-long text is cut, floats become text. Raises `NotInTransaction` outside of an atomic block. The event
    gets its number and its link within seconds, from the sealer; promised is the order of sealing, not of ids.
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


def record_many(events: Sequence[AuditEvent]) -> None:
    """Insert events made by `compose`, in their order, in as few statements as the database takes.

    For commands on many rows at once: one event a row, as `record` would have written it. One statement, prepared once:
    `bulk_create` would compile one for every few dozen events, which costs more than the insert itself. Raises
    `NotInTransaction` outside of an atomic block, before anything is written.
    """
    if not _is_in_transaction():
        raise NotInTransaction(events[0].type if events else "nothing")
    if events:
        with connection.cursor() as cursor:
            cursor.executemany(_insert_sql(), [_values(event) for event in events])


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

    For a change that is inserted in one statement together with its event (a token), and for `record_many`: all
    others call `record`.
    """
    around = context.current()
    row = AuditEvent(
        uuid=uuid4(),
        recorded_at=clock.now(),
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
        details=clean_members({**(details or {}), **_change(around)}),
        correlation_id=_fit("correlation_id", around.correlation_id),
        run_id=run_id or around.run_id,
        address=_fit("address", around.address),
    )
    row.tag = tag_of(row.as_record())
    return row


class Repeated:
    """An event that one actor causes on one subject again and again: what stays the same is cleaned once.

    For the one writer whose event goes into one statement with its change (a token); all others call `record`.
    """

    def __init__(self, event: str, *, actor: Actor, subject: Subject, details: Mapping[str, object]) -> None:
        first = compose(event, actor=actor, subject=subject)
        self._stays = {field.attname: getattr(first, field.attname) for field in _INSERTED} | {"changes": "{}"}
        self._record = chain.Stencil(first.as_record(), _OWN)
        self._details = clean_members(details)
        self._told: dict[tuple[str, ...], chain.Stencil] = {}

    def values(self, **details: object) -> dict[str, object]:
        """What `compose` would have made of it now with these `details` as well, by column; JSON as its text."""
        around = context.current()
        row = self._stays | {
            "uuid": uuid4(),
            "recorded_at": clock.now(),
            "details": self._written({**details, **_change(around)}),
            "correlation_id": _fit("correlation_id", around.correlation_id),
            "run_id": around.run_id,
            "address": _fit("address", around.address),
        }
        row["tag"] = tag_of_written(self._record.of({name: told(row[name]) for name, told in _OWN.items()}))
        return row

    def _written(self, details: Mapping[str, object]) -> str:
        told = clean_members(details)
        names = tuple(told)
        stencil = self._told.get(names) or self._told.setdefault(names, chain.Stencil(self._details, names))
        return stencil.of({name: chain.written(value) for name, value in told.items()})


def _id(value: Any) -> str:
    return "null" if value is None else f'"{value}"'


#: What each event has of its own, and how it stands in the canonical form. The details are given written.
_OWN: dict[str, Callable[[Any], str]] = {
    "uuid": _id,
    "recorded_at": lambda at: f'"{chain.moment(at)}"',
    "details": str,
    "correlation_id": chain.written,
    "run_id": _id,
    "address": chain.written,
}


def _change(around: context.Context) -> dict[str, object]:
    """What whoever works said about the change: on everything that they do with it."""
    said = around.change.as_members() if around.change else {}
    return {"change": said} if said else {}


def _insert_sql() -> str:
    quoted = connection.ops.quote_name
    columns = ", ".join(quoted(str(field.column)) for field in _INSERTED)
    places = ", ".join(["%s"] * len(_INSERTED))
    return f"INSERT INTO {quoted(AuditEvent._meta.db_table)} ({columns}) VALUES ({places})"  # noqa: S608 - our own names


def _values(event: AuditEvent) -> list[Any]:
    # Asking Django's field costs most of an insert, and most of an event is text that goes to the driver as it is.
    return [
        value
        if type(value := getattr(event, field.attname)) is str and type(field) in _TEXTS
        else field.get_db_prep_save(value, connection)
        for field in _INSERTED
    ]


_INSERTED = [field for field in AuditEvent._meta.local_concrete_fields if not isinstance(field, models.AutoField)]
_TEXTS = (models.CharField, models.TextField)
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
