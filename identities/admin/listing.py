"""Lists of tables that may hold millions of rows: ordered by an index, or among the rows that the list has room for."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Func, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.http import HttpRequest
from unfold.views import ChangeList

from identities.admin.identity_paging import MOST, MOST_FOUND
from identities.inventory import selectors as inventory
from identities.inventory.models import ManagedIdentity

#: Members of an identity that the search of the register looks into.
BY_REGISTER = frozenset({"identity__name", "identity__client_id"})


def how_many(rows: QuerySet[Any], path: str, *, distinct: str = "") -> Subquery:
    """How many of `rows` lead by `path` to the row of a list (or of what `distinct` names): a column of the list.

    Asked for each row that is shown, of an index of `path`. An aggregate over a join would count the whole table first,
    and two of them each other's rows.
    """
    said = f"COUNT(DISTINCT {rows.model._meta.get_field(distinct).column})" if distinct else "COUNT(*)"
    mine = rows.filter(**{path: OuterRef("pk")}).order_by()
    counted = mine.annotate(n=Func(template=said, output_field=IntegerField())).values("n")
    return Subquery(counted, output_field=IntegerField())


def in_any(parts: Sequence[QuerySet[Any]]) -> RawSQL:
    """The keys of these slices together, for `pk__in`: each is found by its own index.

    "This or that" would be asked of every row of the table, and a union of Django's takes no slice on SQLite.
    """
    said = [part.values("pk").query.sql_with_params() for part in parts]
    text = " UNION ALL ".join(f"SELECT * FROM ({part}) AS part{place}" for place, (part, _) in enumerate(said))  # noqa: S608 - made by Django
    return RawSQL(text, [value for _, values in said for value in values])  # noqa: S611 - its parameters apart


class BoundedChangeList(ChangeList):
    """A list in its own order ends after `MOST` rows; in another order it is those same rows, ordered anew.

    To order a million rows by a column without an index takes seconds. A column that has one is named in the admin's
    `ordered_by_index`: by it the whole table is ordered. `queryset` stays whole, for files and for changes in bulk.

    The rows of a page are found by their keys first, and only these are joined with what they are shown with: a sort
    that carried it along would join every row of the list before it knew which fifty are wanted.
    """

    queryset: QuerySet[Any]
    result_list: QuerySet[Any]

    def get_results(self, request: HttpRequest) -> None:
        whole = self.queryset
        own = list(self.model_admin.get_ordering(request))
        if own and self._is_reordered(own):
            first: QuerySet[Any] = whole.select_related(None).order_by(*own).values("pk")[:MOST]
            self.queryset = whole.filter(pk__in=first)
            # The paginator need not look each of them up again to know how many they are.
            self.queryset.counted_by = whole  # type: ignore[attr-defined]
        elif self.query and self.model_admin.searches_once:
            found = list(whole.select_related(None).values_list("pk", flat=True)[: MOST_FOUND + 1])
            self.queryset = self._with_keys(found).order_by(*whole.query.order_by)
        super().get_results(request)
        self.queryset = whole
        if self.model_admin.finds_keys_first:
            page = self.result_list
            self.result_list = self._with_keys(page.values("pk")).order_by(*page.query.order_by)

    def _with_keys(self, keys: Any) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.apply_select_related(self.root_queryset)
        return rows.filter(pk__in=keys)

    def how_many(self, rows: QuerySet[Any], most: int) -> int:
        """How many rows a file has; counted no further than `most`."""
        # By their keys: of a slice each row would bring along what is counted for it to be shown.
        return int(rows.order_by().values("pk")[:most].count())

    def _is_reordered(self, own: Sequence[Any]) -> bool:
        """Whether somebody asked for an order that no index has."""
        by = self.get_ordering_field_columns() if self.params.get("o") else {}
        place = next(iter(by), None)
        if place is None or not 0 <= int(place) < len(self.list_display):
            return False
        name = str(self.get_ordering_field(self.list_display[int(place)]) or "").removeprefix("-")
        return str(own[0]).removeprefix("-") != name and name not in self.model_admin.ordered_by_index


def found(rows: QuerySet[Any], term: str, *, own: Sequence[Any], parts: Sequence[str], wholes: Sequence[str],
          identity: str) -> Q:  # fmt: skip
    """What a search finds in a table of millions: three statements at most, each of which reads a bounded part of it.

    Rows of identities that the register's search finds (`identity` is the path to theirs), rows of which one of the
    members `wholes` is `term`, by their indexes; and rows that hold `term` somewhere in `parts`, among as many of the
    list's own order as the list has room for.
    """
    bare, asked = rows.select_related(None), []
    keys: set[Any] = set()
    if identity:
        known = inventory.leading_to(term, identity)
        if known is None:
            named = ManagedIdentity.objects.filter(inventory.matching(term)).values("pk")[:MOST_FOUND]
            known = Q(**{f"{identity}__in": named})
        else:
            # What the register says of an identity has been found by it.
            parts = [member for member in parts if member not in BY_REGISTER]
        asked.append(bare.filter(known))
    if parts:
        first = bare.order_by(*own).values("pk")[:MOST]
        held = Q(*[(f"{member}__icontains", term) for member in parts], _connector=Q.OR)
        asked.append(bare.model._default_manager.filter(held, pk__in=first))
    if wholes:
        asked.append(bare.filter(Q(*[(member, term) for member in wholes], _connector=Q.OR)))
    for each in asked:
        keys.update(each.order_by().values_list("pk", flat=True)[: MOST_FOUND + 1])
    return Q(pk__in=keys)
