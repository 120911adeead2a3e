"""The dates of imports: when each was made, what it saw first and last, and since when a value is as it is.

Part of `history`, by the same licence: the imports themselves were real, and are of the day on which the demo loaded.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Min

from identities.credentials.models import ExternalCredential
from identities.discovery.models import ImportRow, ImportRun, ImportState, Merge, Questionnaire, SourceRecord
from identities.inventory.models import ManagedIdentity
from identities.people.models import Tenant
from identities.statements.prepared import update_many
from scheduling.demo import estate, exports
from scheduling.demo.importing import run_of
from scheduling.demo.shapes import DAY, HOUR

TOOK = DAY / 96
Key = tuple[str, str, str]


def age(tenant: Tenant, at: datetime) -> None:
    """Move runs, records, credentials, the merge and the questionnaire to their days."""
    seen: dict[Key, list[datetime]] = {}
    for export in sorted(exports.EXPORTS, key=lambda one: -one.days_ago):
        run = run_of(export, tenant)
        if run is None:
            continue
        made = at - export.days_ago * DAY - HOUR
        applied = made + TOOK if run.state == ImportState.APPLIED else None
        ImportRun.objects.filter(pk=run.pk).update(created_at=made, applied_at=applied)
        rows = ImportRow.objects.filter(run=run)
        rows.exclude(applied_at=None).update(applied_at=applied)
        if applied is not None:
            for key in rows.exclude(key="").values_list("source", "record_type", "key"):
                seen.setdefault(key, []).append(applied)
    _age_records(tenant, at, seen)
    _, _, _, days = exports.MERGE
    Merge.objects.filter(tenant=tenant).update(merged_at=at - days * DAY)
    Questionnaire.objects.filter(tenant=tenant).update(created_at=at - 3 * DAY)


def _age_records(tenant: Tenant, at: datetime, seen: Mapping[Key, list[datetime]]) -> None:
    records = list(SourceRecord.objects.filter(tenant=tenant))
    heard: dict[tuple[UUID, str], SourceRecord] = {}
    for record in records:
        moments = seen.get((record.source, record.record_type, record.key), [at - 2 * DAY])
        record.first_seen_at, record.last_seen_at = moments[0], moments[-1]
        if record.gone_at is not None:
            record.gone_at = max(moment for found in seen.values() for moment in found)
            ManagedIdentity.objects.filter(pk=record.identity_id).update(unreported_since=record.gone_at)
        heard[record.identity_id, record.source] = record
    update_many(records, ["first_seen_at", "last_seen_at", "gone_at"])
    credentials = list(ExternalCredential.objects.filter(identity__tenant=tenant))
    for credential in credentials:
        if (told := heard.get((credential.identity_id, credential.source))) is not None:
            credential.first_seen_at, credential.last_seen_at = told.first_seen_at, told.last_seen_at
            credential.gone_at = told.gone_at if credential.gone_at is not None else None
    update_many(credentials, ["first_seen_at", "last_seen_at", "gone_at"])


def first_seen(tenant: Tenant) -> dict[UUID, datetime]:
    """When the first source reported each identity that an import entered; by hand entered ones are not in it."""
    by_hand = {identity.name for identity in estate.IDENTITIES}
    rows = SourceRecord.objects.filter(tenant=tenant).exclude(identity__name__in=by_hand)
    found = dict(rows.order_by().values_list("identity_id").annotate(first=Min("first_seen_at")))
    for merge in Merge.objects.filter(tenant=tenant):
        found.setdefault(merge.absorbed_id, found.get(merge.kept_id, merge.merged_at))
    return found


def dated(row: ManagedIdentity, at: datetime) -> dict[str, Any]:
    """The provenance of a row with the days on which its values would have been set."""
    edited = {edit.name: at - edit.days_ago * DAY for edit in exports.EDITS}
    by_hand = edited.get(row.name, row.created_at)
    return {
        member: {**said, "at": (by_hand if said["origin"] == "edited" else row.created_at).isoformat()}
        for member, said in row.provenance.items()
    }
