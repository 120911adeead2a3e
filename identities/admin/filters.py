"""Filters of lists: a closed set of words each, and never another tenant's names among them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter, RangeDateFilter
from unfold.utils import parse_date_str

from identities.access.matrix import Duty
from identities.admin.scope import scope_of

SHOWN = 200


class WordFilter(DropdownFilter):
    """A choice among words; `where` says what a word means. Unknown words find everything, never an error."""

    words: ClassVar[Sequence[tuple[str, str]]] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return self.words

    def has_output(self) -> bool:
        return True

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        known = {str(word) for word, _ in self.lookup_choices}
        return queryset.filter(self.where(value)) if value and value in known else queryset

    def where(self, value: str) -> Q:
        """The condition behind a word."""
        return Q(**{str(self.parameter_name): value})


def by_choice(name: str, title: str, choices: Iterable[tuple[Any, Any]], path: str = "") -> type[WordFilter]:
    """A filter on a column with a closed set of values."""
    words = [(str(value), str(label)) for value, label in choices]

    def where(self: WordFilter, value: str) -> Q:
        return Q(**{path or name: value})

    members = {"title": title, "parameter_name": name, "words": words, "where": where}
    return type(f"By{name.title().replace('_', '')}", (WordFilter,), members)


def by_row(name: str, title: str, model: type[Model], path: str, **narrow: Any) -> type[WordFilter]:
    """A filter on a relation: its words are the rows that the viewer's scope holds, at most 200."""

    def lookups(self: WordFilter, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        tenants = scope_of(request).tenant_ids(Duty.READ_REGISTER)
        rows = model._default_manager.filter(**narrow)
        rows = rows if tenants is None else rows.filter(tenant_id__in=tenants)
        return [(str(row.pk), str(row)) for row in rows[:SHOWN]]

    def where(self: WordFilter, value: str) -> Q:
        return Q(**{path: value})

    members = {"title": title, "parameter_name": name, "lookups": lookups, "where": where}
    return type(f"By{name.title().replace('_', '')}", (WordFilter,), members)


class DayRange(RangeDateFilter):
    """From a day to a day, both in, in UTC; what is no day is passed over."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        first, last = self._day("from"), self._day("to")
        if first is not None:
            queryset = queryset.filter(**{f"{self.parameter_name}__gte": first})
        return queryset if last is None else queryset.filter(**{f"{self.parameter_name}__lt": last + timedelta(days=1)})

    def _day(self, end: str) -> datetime | None:
        found = parse_date_str(str(self.used_parameters.get(f"{self.parameter_name}_{end}") or ""))
        return datetime(found.year, found.month, found.day, tzinfo=UTC) if found else None


def parameters(list_filter: Iterable[Any]) -> frozenset[str]:
    """The query parameters that these filters take."""
    names: set[str] = set()
    for each in list_filter:
        if isinstance(each, tuple | list):
            names |= {f"{each[0]}_from", f"{each[0]}_to"}
        else:
            names.add(str(each.parameter_name))
    return frozenset(names)
