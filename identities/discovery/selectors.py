"""Questions to imports: which there are, what one would do, and what waits for somebody to go on."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from identities.discovery import sources
from identities.discovery.models import ImportRow, ImportRun, ImportState, Merge, RowAction, SourceRecord
from identities.discovery.planning import RETIRED
from identities.inventory.models import ManagedIdentity

#: The words of a run's counts, in the order of its preview.
COUNTED = ("new", "changed", "conflict", "unchanged", "dropped", "vanished")
WARNED = 20


def runs(tenant_ids: Collection[UUID] | None) -> QuerySet[ImportRun]:
    """The imports of these tenants (None: of every one)."""
    rows = ImportRun.objects.all()
    return rows if tenant_ids is None else rows.filter(tenant_id__in=tenant_ids)


def waiting(run: ImportRun) -> QuerySet[ImportRow]:
    """The rows of a run that are still to be applied, in the order of the file."""
    return run.rows.filter(applied_at=None).exclude(action=RowAction.DROPPED).order_by("pk")


def counted(run: ImportRun) -> dict[str, int]:
    """How many rows do what, and how many records of these sources are in the files no more."""
    by_action = dict(run.rows.order_by().values_list("action").annotate(n=Count("pk")))
    counts = {action.value: by_action.get(action.value, 0) for action in RowAction}
    return {**counts, "vanished": sources.vanished(run).count()}


def warnings(run: ImportRun) -> list[str]:
    """What should be known before it is applied, a line each."""
    said = []
    exposed = run.rows.filter(reported__icontains='"exposed_in"').count()
    if exposed:
        said.append(f"{exposed} {_rows(exposed)} held a secret's value. It was not kept; treat it as leaked.")
    retired = run.rows.filter(message=RETIRED).count()
    if retired:
        said.append(f"{retired} {_rows(retired)} mean identities that are retired here and still reported.")
    before = SourceRecord.objects.filter(tenant_id=run.tenant_id, gone_at=None)
    gone = sources.vanished(run).count()
    if gone > 10 and gone * 2 > before.filter(source__in=run.rows.values("source")).count():
        said.append("More than half of what these sources reported is missing: is this the whole export?")
    return said


def dropped(run: ImportRun) -> list[str]:
    """What was left out and why, a line each; at most a thousand."""
    rows = run.rows.filter(action=RowAction.DROPPED).values_list("place", "label", "message")[:1000]
    return [": ".join(part for part in row if part) for row in rows]


def vanishing(run: ImportRun) -> QuerySet[SourceRecord]:
    """The records that a run, once applied, marks as no longer reported."""
    return sources.vanished(run).order_by("source", "label", "pk")


def silent(since: datetime) -> list[UUID]:
    """Runs that are being applied, of which nothing was heard since then."""
    heard = ImportRow.objects.filter(run=OuterRef("pk"), applied_at__gte=since)
    rows = ImportRun.objects.filter(~Exists(heard), state=ImportState.APPLYING, created_at__lt=since)
    return list(rows.order_by("created_at").values_list("pk", flat=True)[:10])


def records(identity: ManagedIdentity) -> QuerySet[SourceRecord]:
    """What is known of an identity from elsewhere."""
    return SourceRecord.objects.filter(identity=identity).order_by("gone_at", "source", "record_type", "key")


def merges(identity: ManagedIdentity) -> QuerySet[Merge]:
    """The merges into this identity, and the one by which it went into another."""
    rows = Merge.objects.select_related("kept", "absorbed")
    return rows.filter(Q(kept=identity) | Q(absorbed=identity))


def rows_of(run: ImportRun, action: str = "") -> QuerySet[Any]:
    """The staged rows, of one action where it is named."""
    rows = run.rows.select_related("identity")
    return rows.filter(action=action) if action else rows


def _rows(number: int) -> str:
    return "row" if number == 1 else "rows"
