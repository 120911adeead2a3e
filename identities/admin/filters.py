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
from identities.programme.pilots.base import identity_ids

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


class ExactFilter(WordFilter):
    """What is typed, or linked to, is the whole value; `is_offered` False shows it only where it is in force."""

    is_text = True
    is_offered = True
    hint: ClassVar[str] = ""
    path: ClassVar[str]

    def has_output(self) -> bool:
        return self.is_offered or bool(self.value())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = (self.value() or "").strip()[:200]
        return queryset.filter(**{self.path: value}) if value and "\x00" not in value else queryset


def exactly(name: str, title: str, path: str, *, hint: str = "", is_offered: bool = True) -> type[ExactFilter]:
    """A filter on the whole of a text."""
    members = {"title": title, "parameter_name": name, "path": path, "hint": hint, "is_offered": is_offered}
    return type(f"By{name.title()}", (ExactFilter,), members)


class WorkflowFilter(WordFilter):
    """The identities that run a workflow, by its key; shown only where it is in force. `path` leads to the identity."""

    title = "Workflow"
    parameter_name = "workflow"
    is_text = True
    hint: ClassVar[str] = "wf-payroll"
    path: ClassVar[str] = "pk"

    def has_output(self) -> bool:
        return bool(self.value())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = (self.value() or "").strip()[:100]
        if not value or "\x00" in value:
            return queryset
        tenants = scope_of(request).tenant_ids(Duty.READ_REGISTER)
        return queryset.filter(**{f"{self.path}__in": identity_ids("workflow", value, tenants)})


def by_row(
    name: str, title: str, model: type[Model], path: str, *, says: str = "name", **narrow: Any
) -> type[WordFilter]:
    """A filter on a relation: its words are what the rows that the viewer's scope holds say of themselves, at most 200.

    `says` is the column with their words.
    """

    def lookups(self: WordFilter, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        tenants = scope_of(request).tenant_ids(Duty.READ_REGISTER)
        rows = model._default_manager.filter(**narrow)
        rows = rows if tenants is None else rows.filter(tenant_id__in=tenants)
        return [(str(pk), str(said)) for pk, said in rows.values_list("pk", says)[:SHOWN]]

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
