"""Credentials that somebody else issued, as sources report them: by name, never by value."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from audit import changes, services as audit
from audit.actors import Actor, Subject
from identities.credentials import rotation_facts
from identities.credentials.models import ExternalCredential, ExternalKind
from identities.events import CredentialEvent
from identities.inventory.facts import plain
from identities.inventory.models import ManagedIdentity
from identities.statements.prepared import insert_many, update_many

#: What a source may say anew of a credential it named before; the rest of the row is its key.
TOLD = (
    "name",
    "scope",
    "stored_at",
    "exposed_in",
    "is_active",
    "created_at",
    "last_rotated_at",
    "last_used_at",
    "expires_at",
)
#: Being used is no change of a credential.
UNRECORDED = frozenset({"last_used_at"})
_LONGEST = {"external_id": 400, "source": 200, "name": 254, "stored_at": 400, "exposed_in": 400}
MAX_SCOPES, MAX_SCOPE = 200, 400

Key = tuple[UUID, str, str, str]


class Report(Protocol):
    """A credential as a source names it (`discovery.records.ReportedCredential`). Null dates are not known."""

    @property
    def kind(self) -> str: ...
    @property
    def external_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def scope(self) -> tuple[str, ...]: ...
    @property
    def stored_at(self) -> str: ...
    @property
    def exposed_in(self) -> str: ...
    @property
    def is_active(self) -> bool: ...
    @property
    def created_at(self) -> datetime | None: ...
    @property
    def last_rotated_at(self) -> datetime | None: ...
    @property
    def last_used_at(self) -> datetime | None: ...
    @property
    def expires_at(self) -> datetime | None: ...


Reports = Sequence[tuple[ManagedIdentity, str, Report]]


def report_many(reports: Reports, *, actor: Actor, at: datetime) -> None:
    """Enter or refresh the credentials that these (identity, source, credential) name, in one transaction.

    The key is (identity, source, kind, external id); named twice, the last one counts. A fixed number of queries, one
    event for each credential that is new, changed or back; where dates or scope changed, rotate-by, last rotation and
    verdict of its identity follow, also on the rows in hand. Raises ValueError for a kind that is none.
    """
    if not reports:
        return
    wanted = {_key(identity, source, report): (identity, source, report) for identity, source, report in reports}
    if unknown := {key[2] for key in wanted} - set(ExternalKind.values):
        raise ValueError(f"no kind of credential: {', '.join(sorted(unknown))}")
    with transaction.atomic():
        there = _there(wanted)
        made: list[ExternalCredential] = []
        told: list[tuple[ExternalCredential, ManagedIdentity, changes.Changes]] = []
        for key, (identity, source, report) in wanted.items():
            row = there.get(key)
            if row is None:
                row = _new(identity, source, report, at)
                made.append(row)
                told.append((row, identity, changes.made(facts_of(row))))
            elif found := _refresh(row, report, at):
                told.append((row, identity, found))
        insert_many(made)
        update_many(list(there.values()), [*TOLD, "last_seen_at", "gone_at"])
        audit.record_many(
            [
                audit.compose(
                    CredentialEvent.REPORTED,
                    actor=actor,
                    subject=subject_of(row, identity),
                    changes=found,
                    details=details_of(row, identity),
                )
                for row, identity, found in told
            ]
        )
        if told:
            rotation_facts.refresh_held(list({identity.pk: identity for _, identity, _ in told}.values()))


def mark_gone(
    identities: Sequence[ManagedIdentity], *, source: str, actor: Actor, at: datetime, kinds: Sequence[str] = ()
) -> int:
    """Note that `source` no longer reports the credentials of these identities; how many were marked.

    Those it named at `at` or later are left. `kinds` empty: of every kind. One `credential.gone` each, in one
    transaction; nothing is deleted.
    """
    by_id = {identity.pk: identity for identity in identities}
    with transaction.atomic():
        silent = _of(by_id).filter(source=source, gone_at=None, last_seen_at__lt=at)
        rows = list((silent.filter(kind__in=kinds) if kinds else silent).select_for_update(no_key=True))
        for row in rows:
            row.gone_at = at
        update_many(rows, ["gone_at"])
        audit.record_many(
            [
                audit.compose(
                    CredentialEvent.GONE,
                    actor=actor,
                    subject=subject_of(row, by_id[row.identity_id]),
                    changes=changes.made({"gone_at": at.isoformat()}),
                    details=details_of(row, by_id[row.identity_id]),
                )
                for row in rows
            ]
        )
        if rows:
            rotation_facts.refresh({row.identity_id for row in rows})
    return len(rows)


def _key(identity: ManagedIdentity, source: str, report: Report) -> Key:
    return (identity.pk, source[: _LONGEST["source"]], report.kind, report.external_id[: _LONGEST["external_id"]])


def _there(wanted: dict[Key, tuple[ManagedIdentity, str, Report]]) -> dict[Key, ExternalCredential]:
    rows = _of({key[0] for key in wanted}).filter(source__in={key[1] for key in wanted}).select_for_update(no_key=True)
    found = {(row.identity_id, row.source, row.kind, row.external_id): row for row in rows}
    return {key: row for key, row in found.items() if key in wanted}


def _of(identity_ids: Collection[UUID]) -> QuerySet[ExternalCredential]:
    return ExternalCredential.objects.filter(identity_id__in=list(identity_ids)).order_by("pk")


def _new(identity: ManagedIdentity, source: str, report: Report, at: datetime) -> ExternalCredential:
    _, where, kind, external_id = _key(identity, source, report)
    return ExternalCredential(
        identity_id=identity.pk,
        source=where,
        kind=kind,
        external_id=external_id,
        first_seen_at=at,
        last_seen_at=at,
        **{name: _read(report, name) for name in TOLD},
    )


def _refresh(row: ExternalCredential, report: Report, at: datetime) -> changes.Changes:
    """Set what is said now; the changes worth a record. What is said no more of its use stays known."""
    before = {**facts_of(row), "gone_at": plain(row.gone_at)}
    for name in TOLD:
        value = _read(report, name)
        if name in UNRECORDED and (value is None or _is_later(row.last_used_at, value)):
            continue
        setattr(row, name, value)
    row.last_seen_at, row.gone_at = max(at, row.last_seen_at), None
    return changes.between(before, {**facts_of(row), "gone_at": None})


def _is_later(known: datetime | None, told: object) -> bool:
    return known is not None and isinstance(told, datetime) and known >= told


def _read(report: Report, name: str) -> object:
    value: object = getattr(report, name)
    if isinstance(value, str):
        return "".join(letter if letter.isprintable() else " " for letter in value)[: _LONGEST[name]]
    if name == "scope" and isinstance(value, list | tuple):
        return [str(item)[:MAX_SCOPE] for item in value[:MAX_SCOPES]]
    return value


def facts_of(row: ExternalCredential) -> dict[str, object]:
    """What a record says of it, as plain values; nothing that is not known."""
    told = {name: plain(getattr(row, name)) for name in TOLD if name not in UNRECORDED}
    return {name: value for name, value in told.items() if value not in (None, "", [])}


def subject_of(row: ExternalCredential, identity: ManagedIdentity) -> Subject:
    """It as the audit names it."""
    label = f"{identity.name} {row}"
    return Subject(kind="credential", id=str(row.pk), label=label, tenant_id=identity.tenant_id)


def details_of(row: ExternalCredential, identity: ManagedIdentity) -> dict[str, object]:
    """Whose it is, and which."""
    return {"identity_id": str(identity.pk), "source": row.source, "kind": row.kind, "external_id": row.external_id}
