"""Which identity a record means: the one of its natural key, else the one that shares a name with it."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from identities.discovery.models import ImportRow, SourceAlias, SourceRecord
from identities.inventory.models import ManagedIdentity

#: Source, record type and key: what a record is known by within a tenant.
NaturalKey = tuple[str, str, str]


def key_of(row: ImportRow | SourceRecord) -> NaturalKey:
    """The natural key of a staged row or of a record."""
    return row.source, row.record_type, row.key


def records_of(tenant_id: UUID, keys: Iterable[NaturalKey]) -> dict[NaturalKey, SourceRecord]:
    """The records that are known by these keys; one query."""
    wanted = set(keys)
    if not wanted:
        return {}
    sources, types, names = (set(part) for part in zip(*wanted, strict=True))
    found = SourceRecord.objects.filter(tenant_id=tenant_id, source__in=sources, record_type__in=types, key__in=names)
    return {key: record for record in found if (key := key_of(record)) in wanted}


def identities_called(tenant_id: UUID, names: Collection[str]) -> dict[str, UUID]:
    """The identity behind each of these names, where a record has it as an alias; one query, none for no names."""
    if not names:
        return {}
    rows: QuerySet[Any, Any] = SourceAlias.objects.filter(tenant_id=tenant_id, name__in=names)
    return dict(rows.order_by("-record__gone_at", "record_id").values_list("name", "record__identity_id"))


def held(ids: Collection[UUID], *, lock: bool = False) -> dict[UUID, ManagedIdentity]:
    """The identities with these ids, with their teams; `lock` keeps them until the caller's transaction ends."""
    rows = ManagedIdentity.objects.select_related("owner_team").order_by("pk")
    rows = rows.select_for_update(no_key=True, of=("self",)) if lock else rows
    return {identity.pk: identity for identity in rows.filter(pk__in=ids)} if ids else {}


def aliases_of(packed: Mapping[str, Any]) -> list[str]:
    """The names by which other sources know it."""
    return list(packed.get("aliases", ()))


class Heard:
    """The names heard so far in one import, each with the record that had it first.

    Only digests of the names are kept: a hundred thousand records of a file must fit beside everything else.
    """

    def __init__(self) -> None:
        self._first: dict[int, NaturalKey] = {}

    def first(self, names: Iterable[str]) -> NaturalKey | None:
        """The record that had one of these names before, if there is one."""
        return next((found for name in names if (found := self._first.get(hash(name))) is not None), None)

    def note(self, names: Iterable[str], key: NaturalKey) -> None:
        """Remember who has these names; whoever had one before keeps it."""
        for name in names:
            self._first.setdefault(hash(name), key)
