"""Commands of the programme: keep the day's numbers, save and remove a filter, and note what was exported."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from audit import services as audit
from audit.actors import Actor, Subject
from identities.errors import Conflict, Invalid, Missing
from identities.events import ProgrammeEvent
from identities.people.models import Team, Tenant, User
from identities.programme.arithmetic import Tally, conclude, packed
from identities.programme.counting import count_around, count_everything, whole
from identities.programme.models import DailySnapshot, SavedFilter
from identities.programme.slices import Slice

#: How often a tenant is counted again; a count that took long waits twenty times as long, so that counting never
#: takes more than a twentieth of the time (half a million identities: about half a minute, each ten minutes).
EVERY, REST = timedelta(minutes=1), 20
MOST_FILTERS = 200
TOOK = "_took"


def take_snapshots(at: datetime) -> int:
    """Count every tenant whose numbers of today are missing or old; how many were counted.

    Idempotent: a day has one snapshot of a tenant and one of each team, which the next count of that day writes over.
    """
    tenants = list(Tenant.objects.values_list("pk", flat=True))
    rows = DailySnapshot.objects.filter(tenant_id__in=tenants, team=None, day=at.date())
    kept = {tenant: (taken, numbers) for tenant, taken, numbers in rows.values_list("tenant_id", "taken_at", "numbers")}
    due = [tenant for tenant in tenants if tenant not in kept or _is_old(*kept[tenant], at)]
    for tenant_id in due:
        take_snapshot(tenant_id, at)
    return len(due)


def take_snapshot(tenant_id: UUID, at: datetime) -> None:
    """Count one tenant with its teams and keep it as the numbers of the day of `at`."""
    began = time.monotonic()
    slice_ = Slice(frozenset({tenant_id}))
    by_team = count_everything(slice_, at)
    total = whole(by_team)
    nothing = Tally(counts=type(total.counts)(dict.fromkeys(total.counts, 0)))
    count_around(slice_, at, total)
    numbers: dict[UUID | None, Mapping[str, object]] = {
        team_id: packed(conclude(by_team.get(team_id, nothing)))
        for team_id in Team.objects.filter(tenant_id=tenant_id).values_list("pk", flat=True)
    }
    numbers[None] = packed(conclude(total)) | {TOOK: [round(time.monotonic() - began, 3)]}
    _keep(tenant_id, numbers, at)


@transaction.atomic
def _keep(tenant_id: UUID, numbers: Mapping[UUID | None, Mapping[str, object]], at: datetime) -> None:
    # Two null teams differ in a unique key, so the row of the tenant itself is found by hand, under its lock.
    Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)
    known = {row.team_id: row for row in DailySnapshot.objects.filter(tenant_id=tenant_id, day=at.date())}
    for team, row in known.items():
        if team in numbers and row.taken_at <= at:
            row.numbers, row.taken_at = dict(numbers[team]), at
    DailySnapshot.objects.bulk_update(known.values(), ["numbers", "taken_at"])
    DailySnapshot.objects.bulk_create(
        DailySnapshot(tenant_id=tenant_id, team_id=team, day=at.date(), numbers=dict(found), taken_at=at)
        for team, found in numbers.items()
        if team not in known
    )


def _is_old(taken_at: datetime, numbers: Mapping[str, Sequence[float]], at: datetime) -> bool:
    took = timedelta(seconds=float(numbers.get(TOOK, [0])[0]))
    return at - taken_at >= max(EVERY, took * REST)


@transaction.atomic
def save_filter(
    *, tenant_id: UUID, owner: User, page: str, name: str, query: str, is_shared: bool, actor: Actor
) -> SavedFilter:
    """Keep a list's filters under a name. Raises Invalid for no name or no filter, Conflict for a name twice."""
    name, query = name.strip(), query.strip().lstrip("?")
    problems = {}
    if not name or len(name) > 120 or not name.isprintable():
        problems["name"] = ["Give it a name of at most 120 characters, on one line."]
    if not query or len(query) > 2000 or not query.isprintable():
        problems["query"] = ["Choose a filter or a search first."]
    if problems:
        raise Invalid(problems)
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)
    own = SavedFilter.objects.filter(owner=owner)
    if own.filter(page=page, name=name).exists():
        raise Conflict(f"You have saved a filter '{name}' here before.", code="name_taken")
    if own.count() >= MOST_FILTERS:
        raise Conflict(f"You have {MOST_FILTERS} saved filters: remove one first.", code="too_many_filters")
    saved = SavedFilter.objects.create(
        tenant_id=tenant_id, owner=owner, page=page, name=name, query=query, is_shared=is_shared
    )
    audit.record(
        ProgrammeEvent.FILTER_SAVED,
        actor=actor,
        subject=_subject(saved),
        details={"page": page, "query": query, "is_shared": is_shared},
    )
    return saved


@transaction.atomic
def remove_filter(saved: SavedFilter, *, actor: Actor) -> None:
    """Remove one's own saved filter. Raises Missing for somebody else's: who may not remove it need not know of it."""
    locked = SavedFilter.objects.select_for_update().filter(pk=saved.pk).first()
    if locked is None or str(locked.owner_id) != actor.id:
        raise Missing("There is no such saved filter of yours.")
    audit.record(
        ProgrammeEvent.FILTER_REMOVED,
        actor=actor,
        subject=_subject(locked),
        details={"page": locked.page, "query": locked.query},
    )
    locked.delete()


@transaction.atomic
def note_export(
    *, tenant_id: UUID | None, page: str, name: str, query: str, rows: int, file_format: str, actor: Actor
) -> None:
    """Record that rows left the portal: which list or report, how filtered, how many. Before the first byte goes."""
    audit.record(
        ProgrammeEvent.EXPORTED,
        actor=actor,
        subject=Subject(kind="export", id=page, label=name, tenant_id=tenant_id),
        details={"query": query[:2000], "rows": rows, "format": file_format},
    )


def _subject(saved: SavedFilter) -> Subject:
    return Subject(kind="saved_filter", id=str(saved.pk), label=saved.name, tenant_id=saved.tenant_id)
