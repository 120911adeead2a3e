"""What is kept of a source: its records, their other names and their credentials, and what it no longer reports."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor
from identities.credentials import external
from identities.discovery.importers.base import kinds
from identities.discovery.matching import aliases_of, held, key_of
from identities.discovery.models import ImportRow, ImportRun, RowAction, SourceAlias, SourceRecord
from identities.discovery.packing import Packed, credentials_of, digest
from identities.discovery.planning import is_reported_otherwise
from identities.events import IdentityEvent
from identities.inventory.models import ManagedIdentity
from identities.inventory.subjects import subject_of
from identities.statements.prepared import insert_many, update_many

AT_ONCE = 1000
SOURCES_AT_ONCE = 200


@dataclass
class Taken:
    """A staged row on its way into the register: the record it had, and the identity it means."""

    row: ImportRow
    record: SourceRecord | None
    identity: ManagedIdentity | None = None
    is_entered: bool = False

    @property
    def known(self) -> ManagedIdentity:
        """The identity; only once it has been found or entered."""
        if self.identity is None:
            raise LookupError("the row has no identity yet")
        return self.identity


def remember(run: ImportRun, taken: Sequence[Taken], *, at: datetime) -> None:
    """Note that these records were seen at `at`, what was said of them, and the names they go by."""
    fresh, changed, same = [], [], []
    for one in taken:
        if one.record is None:
            fresh.append(_record(run, one, at))
        elif one.record.gone_at is not None or is_reported_otherwise(one.record, one.row.reported, kind=run.kind):
            changed.append(_changed(run, one.record, one.row, at))
        else:
            same.append(one.record.pk)
    insert_many(fresh)
    update_many(changed, ["kind", "label", "facts", "digest", "last_seen_at", "gone_at"])
    if same:
        SourceRecord.objects.filter(pk__in=same).update(last_seen_at=at)
    rows = {key_of(one.row): one.row for one in taken}
    insert_many([alias for record in fresh for alias in _aliases(run, record, rows[key_of(record)])])
    again = [alias for record in changed for alias in _aliases(run, record, rows[key_of(record)])]
    SourceAlias.objects.bulk_create(again, ignore_conflicts=True)
    _welcome_back({one.known.pk for one in taken if one.known.unreported_since is not None})


def report_credentials(run: ImportRun, taken: Sequence[Taken], *, actor: Actor, at: datetime) -> None:
    """Enter and refresh the credentials of these records; those that a record no longer lists are gone.

    Called before `remember`, which overwrites what was listed the last time.
    """
    reports = [(one.known, one.row.source, found) for one in taken for found in credentials_of(one.row.reported)]
    if reports:
        external.report_many(reports, actor=actor, at=at)
    for one in taken:
        lost = _listed(one.record, run.kind) - _listed_now(one.row.reported)
        if lost:
            kinds = sorted({kind for kind, _ in lost})
            external.mark_gone([one.known], source=one.row.source, actor=actor, at=at, kinds=kinds)


def vanished(run: ImportRun) -> QuerySet[SourceRecord]:
    """Records that are still thought reported, of the sources and types in these files, but not in the files.

    Only what the files could have told of is judged: what this kind of export has told of before, for another export of
    the same source may list more; no type of which there is no record at all, nor one of which such files never list
    everything.
    """
    partial = kinds[run.kind].partial if run.kind in kinds else frozenset()
    rows = ImportRow.objects.filter(run=run).exclude(action=RowAction.DROPPED)
    here = rows.filter(source=OuterRef("source"), record_type=OuterRef("record_type"))
    named = list(rows.order_by().values_list("source", flat=True).distinct()[: SOURCES_AT_ONCE + 1])
    found = SourceRecord.objects.filter(tenant_id=run.tenant_id, gone_at=None, facts__has_key=run.kind)
    found = found.exclude(record_type__in=partial)
    if len(named) <= SOURCES_AT_ONCE:
        found = found.filter(source__in=named)
    return found.filter(Exists(here)).exclude(Exists(here.filter(key=OuterRef("key"))))


def mark_vanished(run: ImportRun, *, actor: Actor, at: datetime) -> int:
    """Mark up to a thousand vanished records; how many. An identity that no source reports any more is noted as such.

    Nothing is deleted, disabled or retired: its source may only have been exported by halves.
    """
    gone = list(vanished(run).order_by("source", "pk")[:AT_ONCE])
    SourceRecord.objects.filter(pk__in=[record.pk for record in gone]).update(gone_at=at)
    if not gone:
        return 0
    ids = {record.identity_id for record in gone}
    alive = SourceRecord.objects.filter(identity_id__in=ids, gone_at=None)
    still = set(alive.values_list("identity_id", "source"))
    identities = held(ids, lock=True)
    for source, records in groupby(gone, key=lambda record: record.source):
        lost = {record.identity_id for record in records if (record.identity_id, source) not in still}
        if lost:
            external.mark_gone([identities[pk] for pk in sorted(lost)], source=source, actor=actor, at=at)
    reported = {identity_id for identity_id, _ in still}
    _note_unreported([identities[pk] for pk in ids - reported], run, actor=actor, at=at)
    return len(gone)


def _note_unreported(identities: Sequence[ManagedIdentity], run: ImportRun, *, actor: Actor, at: datetime) -> None:
    silent = [identity for identity in identities if identity.unreported_since is None]
    ManagedIdentity.objects.filter(pk__in=[identity.pk for identity in silent]).update(
        unreported_since=at, reassess_at=at
    )
    audit.record_many(
        [
            audit.compose(
                IdentityEvent.UNREPORTED,
                actor=actor,
                subject=subject_of(identity),
                reason="No source reports it any more.",
                details={"client_id": identity.client_id, "import": str(run.pk), "sources": list(identity.reported_by)},
            )
            for identity in silent
        ]
    )


def _welcome_back(ids: Iterable[UUID]) -> None:
    back = set(ids)
    if back:
        now = timezone.now()
        ManagedIdentity.objects.filter(pk__in=back).update(unreported_since=None, reassess_at=now)


def _record(run: ImportRun, one: Taken, at: datetime) -> SourceRecord:
    row = one.row
    return SourceRecord(
        tenant_id=run.tenant_id,
        identity=one.known,
        kind=run.kind,
        source=row.source,
        record_type=row.record_type,
        key=row.key,
        label=row.label,
        facts=_facts({}, run.kind, row),
        digest=digest(row.reported),
        first_seen_at=at,
        last_seen_at=at,
    )


def _changed(run: ImportRun, record: SourceRecord, row: ImportRow, at: datetime) -> SourceRecord:
    record.kind, record.label, record.digest = run.kind, row.label, digest(row.reported)
    record.facts = _facts(record.facts, run.kind, row)
    record.last_seen_at, record.gone_at = at, None
    return record


def _facts(before: Packed, kind: str, row: ImportRow) -> Packed:
    """By kind of export: two exports of one source tell different things of a record, and neither unsays the other."""
    told = {"facts": row.reported["facts"], "digest": digest(row.reported)}
    listed = sorted([found.kind, found.external_id] for found in credentials_of(row.reported))
    return {**before, kind: {**told, "credentials": listed} if listed else told}


def _aliases(run: ImportRun, record: SourceRecord, row: ImportRow) -> list[SourceAlias]:
    return [SourceAlias(tenant_id=run.tenant_id, record=record, name=name) for name in aliases_of(row.reported)]


def _listed(record: SourceRecord | None, kind: str) -> set[tuple[str, str]]:
    told = record.facts.get(kind, {}).get("credentials", ()) if record is not None else ()
    return {(found[0], found[1]) for found in told}


def _listed_now(reported: Packed) -> set[tuple[str, str]]:
    return {(found["kind"], found["external_id"]) for found in reported.get("credentials", ())}
