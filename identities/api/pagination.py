"""Lists by cursor: keyset paging over one allowed member and the id, stable while rows come and go."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import Any

from django.core.exceptions import FieldError, ValidationError
from django.db.models import F, Field, Q, QuerySet
from django.db.models.constants import LOOKUP_SEP
from rest_framework import serializers

MAX_PAGE_SIZE = 200


@dataclass(frozen=True)
class Order:
    """One way a list is ordered: the wire's word for it, the column path, and which way."""

    member: str
    path: str
    descending: bool

    @property
    def word(self) -> str:
        return f"-{self.member}" if self.descending else self.member


@dataclass(frozen=True)
class Page:
    """Some rows, and the cursors that lead on and back; None where there is nothing more."""

    rows: Sequence[Any]
    next: str | None
    previous: str | None


def order_for(word: str, allowed: Mapping[str, str]) -> Order:
    """The order that `ordering=word` asks for; a member that is not allowed is a 400."""
    member = word.removeprefix("-")
    if member not in allowed:
        raise serializers.ValidationError({"ordering": [f"Not one of {', '.join(sorted(allowed))}."]})
    return Order(member, allowed[member], word.startswith("-"))


def page(queryset: QuerySet[Any], *, order: Order, cursor: str | None, size: int) -> Page:
    """`size` rows from where `cursor` stands. A cursor made for another order, or made up, is a 400."""
    field = _field(queryset, order.path)
    backwards, value, pk = _read(cursor, order, field, queryset) if cursor else (False, None, None)
    rows: list[Any] = []
    for part in _parts(queryset, order, field, reverse=backwards, start=(value, pk) if cursor else None):
        rows += part[: size + 1 - len(rows)]
        if len(rows) > size:
            break
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    return Page(
        rows,
        next=_write(order, rows[-1], backwards=False) if rows and (more or backwards) else None,
        previous=_write(order, rows[0], backwards=True) if rows and (cursor and (more or not backwards)) else None,
    )


def _parts(
    queryset: QuerySet[Any], order: Order, field: "Field[Any, Any]", *, reverse: bool, start: tuple[Any, Any] | None
) -> Iterator[QuerySet[Any]]:
    """The rows from `start` on, in one query where an index can answer it.

    A column that holds nulls is read in two parts, since no index has the nulls last of those in descending order: the
    rows that have a value, then (before them, in reverse) those without.
    """
    whole = queryset.order_by(*_order_by(order, field, reverse=reverse))
    if not field.null or LOOKUP_SEP in order.path:
        holds_nulls = _holds_nulls(order, field)
        yield whole.filter(_beyond(order, *start, reverse=reverse, holds_nulls=holds_nulls)) if start else whole
        return
    descending = order.descending != reverse
    pk = "-pk" if reverse else "pk"
    valued = queryset.filter(**{f"{order.path}__isnull": False})
    valued = valued.order_by(f"-{order.path}" if descending else order.path, pk)
    empty = queryset.filter(**{f"{order.path}__isnull": True}).order_by(pk)
    stands_in_empty = start is not None and start[0] is None
    if start is not None:
        beyond = _beyond(order, *start, reverse=reverse, holds_nulls=False)
        valued, empty = (valued, empty.filter(beyond)) if stands_in_empty else (valued.filter(beyond), empty)
    if reverse:
        yield from (empty, valued) if stands_in_empty else (valued,)
    else:
        yield from (empty,) if stands_in_empty else (valued, empty)


def page_of_both(*querysets: QuerySet[Any], order: Order, cursor: str | None, size: int) -> Page:
    """As `page`, over rows of several models that share the column and the kind of id: one list, in one order."""
    pages = [page(queryset, order=order, cursor=cursor, size=size) for queryset in querysets]
    backwards = bool(cursor and _read(cursor, order, _field(querysets[0], order.path), querysets[0])[0])
    rows = sorted((row for found in pages for row in found.rows), key=lambda row: row.pk)
    rows.sort(key=lambda row: _value(order, row), reverse=order.descending)
    kept = rows[-size:] if backwards else rows[:size]
    more = len(rows) > size or any(found.previous if backwards else found.next for found in pages)
    return Page(
        kept,
        next=_write(order, kept[-1], backwards=False) if kept and (more or backwards) else None,
        previous=_write(order, kept[0], backwards=True) if kept and cursor and (more or not backwards) else None,
    )


def _value(order: Order, row: Any) -> tuple[bool, Any]:
    """What sorts as the database does: nulls last, whichever way."""
    value = reduce(lambda thing, name: getattr(thing, name, None), order.path.split(LOOKUP_SEP), row)
    is_empty = value is None
    return is_empty != order.descending, 0 if is_empty else value


def _field(queryset: QuerySet[Any], path: str) -> "Field[Any, Any]":
    if path in queryset.query.annotations:
        return queryset.query.annotations[path].output_field
    *relations, last = path.split(LOOKUP_SEP)
    model = reduce(lambda model, name: model._meta.get_field(name).related_model, relations, queryset.model)
    found = model._meta.get_field(last)
    if not isinstance(found, Field):
        raise FieldError(path)
    return found


def _holds_nulls(order: Order, field: "Field[Any, Any]") -> bool:
    return field.null or LOOKUP_SEP in order.path


def _order_by(order: Order, field: "Field[Any, Any]", *, reverse: bool) -> list[Any]:
    """Nulls stand last, read forwards; only columns that hold them pay for saying so."""
    descending = order.descending != reverse
    expression = F(order.path)
    nulls: dict[str, Any] = {}
    if _holds_nulls(order, field):
        nulls = {"nulls_first": True} if reverse else {"nulls_last": True}
    ordered = expression.desc(**nulls) if descending else expression.asc(**nulls)
    return [ordered, "-pk" if reverse else "pk"]


def _beyond(order: Order, value: Any, pk: Any, *, reverse: bool, holds_nulls: bool) -> Q:
    """Rows after (value, pk), or before it when reading in reverse; nulls are the last of all."""
    later_pk = Q(pk__lt=pk) if reverse else Q(pk__gt=pk)
    empty = Q(**{f"{order.path}__isnull": True})
    if value is None:
        return ~empty | (empty & later_pk) if reverse and holds_nulls else empty & later_pk
    side = "lt" if order.descending != reverse else "gt"
    # The bound says nothing new; it is what lets an index begin where the cursor stands.
    bound = Q(**{f"{order.path}__{side}e": value})
    beyond = bound & (Q(**{f"{order.path}__{side}": value}) | later_pk)
    return beyond if reverse or not holds_nulls else beyond | empty


def _write(order: Order, row: Any, *, backwards: bool) -> str:
    value = reduce(lambda thing, name: getattr(thing, name, None), order.path.split(LOOKUP_SEP), row)
    if isinstance(value, date):
        value = value.isoformat()
    elif value is not None and not isinstance(value, bool | int | float):
        value = str(value)
    text = json.dumps([order.word, int(backwards), value, str(row.pk)], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(cursor: str, order: Order, field: "Field[Any, Any]", queryset: QuerySet[Any]) -> tuple[bool, Any, Any]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        word, backwards, value, pk = json.loads(text)
        if word != order.word or "\x00" in str(value):
            raise ValueError(word)
        if value is not None and isinstance(value, list | dict):
            raise TypeError(value)
        value = None if value is None else field.to_python(value)
        key = queryset.model._meta.pk.to_python(pk)
        if key is None or (value is None and not _holds_nulls(order, field)):
            raise ValueError(word)
        return bool(backwards), value, key
    except (ValueError, TypeError, ValidationError, binascii.Error, RecursionError, OverflowError) as exc:
        raise serializers.ValidationError({"cursor": ["Not a cursor of this list and ordering."]}) from exc
