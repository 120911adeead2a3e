"""What an import would do, row by row, worked out while the file is read; nothing is changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from identities.discovery.matching import Heard, NaturalKey, aliases_of, held, identities_called, key_of, records_of
from identities.discovery.models import ImportRow, ImportRun, RowAction, SourceRecord
from identities.discovery.packing import JOINS, OWNERS, Packed, digest, facts_of, last_use_of
from identities.inventory import bulk, provenance
from identities.inventory.directory import Directory
from identities.inventory.models import ManagedIdentity
from identities.inventory.naming import is_numbered
from identities.inventory.proposals import Lookup
from identities.inventory.states import State
from identities.inventory.vocabulary import Origin

RETIRED = "It is retired in the register, and its source still reports it."
SECOND_SOURCE = "It is known from {known}; this becomes one more source of the same identity."
JOINED = "The same identity as another record of these files; it becomes one row with two records."
BACK = "It was no longer reported, and is again."
OTHERWISE = "What its source says of its credentials or names changed."
NOBODY = UUID(int=0)


@dataclass(frozen=True)
class Outcome:
    """What a report means for an identity: members to change, those that a person set and that stay, what is unfit."""

    facts: Mapping[str, Any]
    changes: Mapping[str, Any] = field(default_factory=dict)
    kept: Mapping[str, Any] = field(default_factory=dict)
    dropped: Mapping[str, str] = field(default_factory=dict)


def outcome(
    identity: ManagedIdentity, packed: Packed, *, source: str, record: SourceRecord | None, people: Lookup
) -> Outcome:
    """What `packed` would change on `identity`, where `people` know who stands behind owners and teams. Pure."""
    facts = _to_say(identity, facts_of(packed), record=record)
    proposed = bulk.propose(identity, facts, source=source, people=people)
    changes = dict(proposed.changes)
    used = last_use_of(packed)
    if used is not None and (identity.last_used_at is None or used > identity.last_used_at):
        seen = identity.last_used_at
        changes["last_used_at"] = {"previous": seen.isoformat() if seen else None, "current": used.isoformat()}
    return Outcome(facts=facts, changes=changes, kept=dict(proposed.kept), dropped=dict(proposed.dropped))


def people_in(tenant_id: UUID, rows: Iterable[ImportRow]) -> Directory:
    """Who stands behind the owners and teams that these rows name; two queries at most."""
    told = [row.reported.get("facts", {}) for row in rows]
    named = (facts[role] for facts in told for role in OWNERS if role in facts)
    return Directory(tenant_id, people=named, teams=(facts["owner_team"] for facts in told if "owner_team" in facts))


def is_reported_otherwise(record: SourceRecord | None, packed: Packed, *, kind: str) -> bool:
    """Whether this kind of export said something else of the record the last time, or nothing yet."""
    return record is None or dict(record.facts).get(kind, {}).get("digest") != digest(packed)


class Planner:
    """Judges the rows of one run, batch by batch, in five queries a batch at most."""

    def __init__(self, run: ImportRun) -> None:
        self.run, self.tenant_id = run, run.tenant_id
        self.heard = Heard()

    def __call__(self, rows: Sequence[ImportRow]) -> None:
        records = records_of(self.tenant_id, [key_of(row) for row in rows])
        strangers = [row for row in rows if key_of(row) not in records]
        called = identities_called(self.tenant_id, {name for row in strangers for name in aliases_of(row.reported)})
        meant = {id(row): self._meant(row, records, called) for row in rows}
        known = held({found for found in meant.values() if found is not None})
        self.people = people_in(self.tenant_id, (row for row in rows if meant[id(row)] in known))
        for row in rows:
            self._judge(row, records.get(key_of(row)), known.get(meant[id(row)] or NOBODY))

    def _meant(
        self, row: ImportRow, records: Mapping[NaturalKey, SourceRecord], called: Mapping[str, UUID]
    ) -> UUID | None:
        record = records.get(key_of(row))
        if record is not None:
            return record.identity_id
        return next((called[name] for name in aliases_of(row.reported) if name in called), None)

    def _judge(self, row: ImportRow, record: SourceRecord | None, identity: ManagedIdentity | None) -> None:
        names = aliases_of(row.reported)
        earlier = self.heard.first(names)
        self.heard.note(names, key_of(row))
        if identity is not None:
            self._compare(row, record, identity)
        elif earlier is not None:
            row.action, row.message = RowAction.CHANGED, JOINED
            row.reported[JOINS] = list(earlier)
        else:
            row.action = RowAction.NEW

    def _compare(self, row: ImportRow, record: SourceRecord | None, identity: ManagedIdentity) -> None:
        row.identity = identity
        if identity.state == State.RETIRED:
            row.action, row.message = RowAction.UNCHANGED, RETIRED
            return
        found = outcome(identity, row.reported, source=row.source, record=record, people=self.people)
        parts = {"changes": found.changes, "kept": found.kept, "dropped": found.dropped}
        row.changes = {name: dict(part) for name, part in parts.items() if part}
        row.message = self._message(row, record, identity)
        changes = bool(found.changes or row.message)
        row.action = RowAction.CONFLICT if found.kept else RowAction.CHANGED if changes else RowAction.UNCHANGED

    def _message(self, row: ImportRow, record: SourceRecord | None, identity: ManagedIdentity) -> str:
        if record is None:
            return SECOND_SOURCE.format(known=", ".join(identity.reported_by) or "the register")
        if record.gone_at is not None:
            return BACK
        return OTHERWISE if is_reported_otherwise(record, row.reported, kind=self.run.kind) else ""


def _to_say(identity: ManagedIdentity, facts: Mapping[str, Any], *, record: SourceRecord | None) -> dict[str, Any]:
    """What this record has a say in: all but a name that another record gave."""
    is_silent = "name" not in facts or _has_a_say_in_the_name(identity, record)
    return dict(facts) if is_silent else {member: value for member, value in facts.items() if member != "name"}


def _has_a_say_in_the_name(identity: ManagedIdentity, record: SourceRecord | None) -> bool:
    """Two records of one identity may call it differently: only the one that named it renames it.

    Where a person named it, nobody does; the first source is heard, so that the difference is told.
    """
    if record is None:
        return False
    if provenance.origin_of(identity.provenance, "name") is Origin.EDITED:
        return list(identity.reported_by[:1]) == [record.source]
    told = [said["facts"].get("name") for said in record.facts.values()]
    return any(is_numbered(identity.name, str(name), record.source) for name in {record.label, *told} if name)
