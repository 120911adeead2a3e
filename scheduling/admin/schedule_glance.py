"""What the overview shows of schedules, asked once for its panels: those that would fail, and those that run next."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, Func, IntegerField, QuerySet, Subquery, Value, When

from identities.admin.listing import in_any
from identities.admin.scope import Scope
from scheduling.models import Schedule
from scheduling.preflight import selectors
from scheduling.preflight.trying import SPAN

SHOWN = 6


def glance(scope: Scope, tenant_ids: frozenset[UUID] | None, at: datetime) -> list[Any]:
    """The first of those that would fail (`rank` 0) and the next to run, each with the counts of all: one query.

    Remembered on the person of this request, for the second panel that asks.
    """
    known: dict[datetime, list[Any]] = scope.user.__dict__.setdefault("steward_schedules", {})
    if at not in known:
        known[at] = list(_rows(tenant_ids, at))
    return known[at]


def _rows(tenant_ids: frozenset[UUID] | None, at: datetime) -> QuerySet[Any]:
    going = Schedule.objects.filter(deleted_at=None, is_enabled=True).order_by()
    going = going if tenant_ids is None else going.filter(tenant_id__in=tenant_ids)
    due, failing = going.filter(next_run_at__lte=at + SPAN), going.filter(preflight__is_clear=False)
    nearest = selectors.first_failure("preflight__")
    first = failing.order_by(nearest, "name", "id").values("pk")[:SHOWN]
    coming = going.filter(next_run_at__isnull=False).order_by("next_run_at", "id").values("pk")[:SHOWN]
    rows: QuerySet[Any] = selectors.tried(tenant_ids).select_related("preflight")
    # The wide rows are joined for those that are shown alone; the counts are of bare ones.
    found: QuerySet[Any] = (
        rows.filter(pk__in=in_any([first, coming]))
        .annotate(
            rank=Case(When(preflight__is_clear=False, is_enabled=True, then=Value(0)), default=Value(1)),
            due=_count(due),
            failing=_count(failing),
            untried=_count(due.filter(preflight=None)),
        )
        .order_by("rank", nearest, "name", "id")
    )
    return found


def _count(rows: QuerySet[Any]) -> Subquery:
    counted = rows.annotate(n=Func("pk", function="COUNT", output_field=IntegerField()))
    return Subquery(counted.values("n"))
