"""The list of places in vaults: one row for all the grants of a place, put together in the order of their names.

The grants are read by the index of their names and put together as they come, so that a page ends where it is full. To
ask of each grant whether an earlier one is of the same place reads all of them, for every grant.
"""

from datetime import UTC, datetime
from typing import Any

from django.db.models import CharField, Count, Max, Min, Q, QuerySet, UUIDField
from django.db.models.functions import Cast, Coalesce
from django.http import HttpRequest
from django.utils import timezone
from unfold.views import ChangeList

from identities.access.models import GrantState
from identities.admin.filters import WordFilter
from identities.admin.identity_paging import MOST, MOST_FOUND, BoundedPaginator
from identities.admin.listing import BoundedChangeList

#: What makes a place, in the order of the list.
SAME = ("secret_name", "provider", "vault_uri", "identity__tenant_id")
WAITING = Q(state=GrantState.ASKED, ended_at=None)
GRANTED = Q(state=GrantState.GRANTED, ended_at=None)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def places(grants: QuerySet[Any], state: str = "") -> QuerySet[Any, Any]:
    """The places of these grants, each with the key of its `first`. `grants` must hold all or none of a place's.

    `state` is a word of `AttentionFilter`.
    """
    # PostgreSQL knows no least key; as text the same one is.
    first = Cast(Min(Cast("pk", CharField(max_length=36))), UUIDField())
    found: QuerySet[Any, Any] = grants.select_related(None).order_by().values(*SAME).annotate(first=first)
    # Of a comparison PostgreSQL believes that a third holds, of "no more than none" that next to nothing does: it would
    # put all places together before it looks at one.
    if state in {"asked", "nobody"}:
        found = found.annotate(waiting=Count("pk", filter=WAITING))
        found = found.filter(waiting__gt=0) if state == "asked" else found.filter(waiting__lt=1)
    if state in {"readers", "nobody"}:
        found = found.annotate(readable=Coalesce(Max("valid_until", filter=GRANTED), LONG_AGO))
        at = timezone.now()
        found = found.filter(readable__gt=at) if state == "readers" else found.filter(readable__lte=at)
    return found.order_by(*SAME)


class AttentionFilter(WordFilter):
    """What needs a person. A place is that of several grants: `places` reads the word."""

    title = "State"
    parameter_name = "state"
    words = (("asked", "Somebody asks to read it"), ("readers", "Somebody may read it"), ("nobody", "Nobody may"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset


class PlacePaginator(BoundedPaginator):
    """Counts places in their order: in another all of them would be put together first."""

    def keys(self, rows: Any) -> Any:
        return rows if "first" in rows.query.annotations else super().keys(rows)


class PlaceChangeList(BoundedChangeList):
    """`queryset` are the first grants of all places, for a file; a page puts together the places it shows."""

    found: QuerySet[Any, Any]
    is_narrowed: bool

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        grants = super().get_queryset(request, exclude_parameters)
        state = next((spec.value() for spec in self.filter_specs if isinstance(spec, AttentionFilter)), None)
        self.found, self.is_narrowed = places(grants, state or ""), bool(state or self.query)
        order = grants.query.order_by
        if order[0].removeprefix("-") == SAME[0]:
            # What is of one name has an order too, or two pages would not follow each other.
            order = SAME if order[0] == SAME[0] else tuple(f"-{name}" for name in SAME)
            self.found = self.found.order_by(*order)
        return self._rows(self.found).order_by(*order)

    def get_results(self, request: HttpRequest) -> None:
        whole = self.queryset
        if self.is_narrowed:
            # What must be looked for among the places is looked for once, and not for the count and the page again.
            keys = list(self.found.values_list("first", flat=True)[: MOST_FOUND + 1])
            self.queryset = whole.model._default_manager.filter(pk__in=keys).order_by(*whole.query.order_by)
        elif self._is_reordered(SAME):
            self.queryset = self._rows(self.found[:MOST]).order_by(*whole.query.order_by)
            self.queryset.counted_by = self.found  # type: ignore[attr-defined]
        else:
            self.queryset = self.found
        ChangeList.get_results(self, request)
        page, self.queryset = self.result_list, whole
        self.result_list = self._rows(page).order_by(*whole.query.order_by)

    def how_many(self, rows: QuerySet[Any], most: int) -> int:
        return int(self.found.order_by()[:most].count())

    def _rows(self, found: QuerySet[Any, Any]) -> QuerySet[Any]:
        return self._with_keys(found.values("first" if "first" in found.query.annotations else "pk"))
