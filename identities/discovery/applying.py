"""One batch of an import, written: identities, then what their sources know of them. The caller's transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from audit.actors import Actor
from identities.discovery import sources
from identities.discovery.matching import NaturalKey, aliases_of, held, identities_called, key_of, records_of
from identities.discovery.models import ImportRow, ImportRun
from identities.discovery.packing import JOINS, facts_of, last_use_of
from identities.discovery.planning import outcome, people_in
from identities.discovery.sources import Taken
from identities.inventory import bulk
from identities.inventory.proposals import Lookup
from identities.inventory.states import State


class Batch:
    """Up to a thousand rows of one run. What was planned is worked out anew: the register may have moved since."""

    def __init__(self, run: ImportRun, rows: Sequence[ImportRow], *, actor: Actor, at: datetime) -> None:
        self.run, self.actor, self.at = run, actor, at
        joined = [found for row in rows if (found := _joins(row)) is not None]
        self.records = records_of(run.tenant_id, [*(key_of(row) for row in rows), *joined])
        self.taken = [Taken(row, self.records.get(key_of(row))) for row in rows]

    def apply(self) -> None:
        """Everything that these rows mean, in as few statements as the register takes."""
        self._find()
        self._enter()
        self._change()
        sources.report_credentials(self.run, self.taken, actor=self.actor, at=self.at)
        sources.remember(self.run, self.taken, at=self.at)

    def _find(self) -> None:
        names = {name for taken in self.taken if taken.record is None for name in aliases_of(taken.row.reported)}
        called = identities_called(self.run.tenant_id, names)
        meant = [self._meant(taken, called) for taken in self.taken]
        known = held({found for found in meant if found is not None}, lock=True)
        for taken, found in zip(self.taken, meant, strict=True):
            taken.identity = known.get(found) if found is not None else None

    def _meant(self, taken: Taken, called: Mapping[str, UUID]) -> UUID | None:
        if taken.record is not None:
            return taken.record.identity_id
        names = aliases_of(taken.row.reported)
        by_name = next((called[name] for name in names if name in called), None)
        joined = self.records.get(_joins(taken.row) or NOWHERE)
        return by_name or (joined.identity_id if joined is not None else None)

    def _enter(self) -> None:
        """Enter those nobody knows; a record that joins another of this batch waits for that one."""
        unknown = [taken for taken in self.taken if taken.identity is None]
        keys = {key_of(taken.row) for taken in self.taken}
        strangers = [taken for taken in unknown if _joins(taken.row) not in keys]
        if strangers:
            entries = [_entry(taken.row) for taken in strangers]
            made = bulk.enter_many(tenant_id=self.run.tenant_id, entries=entries, actor=self.actor, at=self.at)
            for taken, identity in zip(strangers, made, strict=True):
                taken.identity, taken.is_entered = identity, True
        here = {key_of(taken.row): taken for taken in self.taken}
        for taken in unknown:
            first = taken
            while first.identity is None:
                first = here[_joins(first.row) or NOWHERE]
            taken.identity = first.identity

    def _change(self) -> None:
        """What several records say of one identity is written in turn: the first has the first word."""
        sources_of: dict[UUID, list[str]] = {}
        for taken in self.taken:
            heard = sources_of.setdefault(taken.known.pk, list(taken.known.reported_by))
            if taken.row.source not in heard:
                heard.append(taken.row.source)
        people = people_in(self.run.tenant_id, (taken.row for taken in self.taken if not taken.is_entered))
        updates = [
            update
            for taken in self.taken
            if not taken.is_entered and taken.known.state != State.RETIRED
            if (update := _update(taken, tuple(sources_of[taken.known.pk]), people)) is not None
        ]
        if updates:
            bulk.change_many(tenant_id=self.run.tenant_id, updates=updates, actor=self.actor, at=self.at)


NOWHERE: NaturalKey = ("", "", "")


def _joins(row: ImportRow) -> NaturalKey | None:
    found = row.reported.get(JOINS)
    return (found[0], found[1], found[2]) if found else None


def _entry(row: ImportRow) -> bulk.Entry:
    return bulk.Entry(
        facts={"name": row.label, **facts_of(row.reported)},
        source=row.source,
        last_used_at=last_use_of(row.reported),
        reported_by=(row.source,),
        credentials_follow=bool(row.reported.get("credentials")),
    )


def _update(taken: Taken, reported_by: tuple[str, ...], people: Lookup) -> bulk.Update | None:
    """What is to be written, or None where nothing is: no event, and `updated_at` stays."""
    row, identity = taken.row, taken.known
    found = outcome(identity, row.reported, source=row.source, record=taken.record, people=people)
    if not found.changes and reported_by == tuple(identity.reported_by):
        return None
    return bulk.Update(
        identity=identity,
        facts=found.facts,
        source=row.source,
        last_used_at=last_use_of(row.reported),
        reported_by=reported_by,
    )
