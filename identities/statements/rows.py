"""Whole rows read, and rows moved by compare-and-set, by statements compiled once: for what every run does."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

from identities.statements.prepared import (
    Prepared,
    Value,
    adapted,
    columns,
    cursor_of,
    insert_sql,
    insertion,
    values_of,
)

Row = TypeVar("Row", bound=models.Model)
_PLAIN = {str, UUID, datetime, bool, int, type(None)}


class PreparedRows(Generic[Row]):
    """As `Prepared`, for instances of `model`; `along` names what hangs on each of them and is read in the same query.

    `build` gives the query without columns. One query for each call of `find`.
    """

    def __init__(
        self,
        model: type[Row],
        build: "Callable[..., models.QuerySet[Row]]",
        *,
        along: Sequence[str] = (),
        **parameters: type[Value],
    ) -> None:
        self._model, self._along = model, tuple(along)
        self._query = Prepared(lambda **marks: build(**marks).values_list(*self._columns()), **parameters)

    def find(self, **values: Value) -> list[Row]:
        """The rows that there are for these values."""
        return [self._made(row) for row in self._query.rows(**values)]

    def first(self, **values: Value) -> Row | None:
        """The first of them, if there is any."""
        return next(iter(self.find(**values)), None)

    def _columns(self) -> list[str]:
        beside = [f"{name}__{column}" for name in self._along for column in _names(_kind(self._model, name))]
        return [*_names(self._model), *beside]

    def _made(self, row: tuple[Any, ...]) -> Row:
        names = _names(self._model)
        made, at = self._model.from_db(DEFAULT_DB_ALIAS, names, row[: len(names)]), len(names)
        for name in self._along:
            kind = _kind(self._model, name)
            there = row[at : at + len(_names(kind))]
            at += len(there)
            if getattr(made, self._model._meta.get_field(name).attname) is not None:  # type: ignore[union-attr]
                setattr(made, name, kind.from_db(DEFAULT_DB_ALIAS, _names(kind), there))
        return made


def update_where(model: type[models.Model], values: Mapping[str, Any], **where: Any) -> int:
    """Write `values` (by attribute name) to the rows that match, and say how many did: a compare-and-set.

    A tuple in `where` means any of its values. No signal is sent, `auto_now` is not moved on.
    """
    using = connections[DEFAULT_DB_ALIAS]
    asked = [(name, value if isinstance(value, tuple) else (value,)) for name, value in where.items()]
    sql, fields = _update_sql(model, tuple(values), tuple((name, len(found)) for name, found in asked))
    given = [*values.values(), *(value for _, found in asked for value in found)]
    with cursor_of(using) as cursor:
        cursor.execute(sql, [_given(field, value, using) for field, value in zip(fields, given, strict=True)])
        return int(cursor.rowcount)


def ask(sql: str, *values: Value | None) -> list[tuple[Any, ...]]:
    """What a statement of one's own finds, prepared as the others are. For numbers and texts: nothing is converted."""
    using = connections[DEFAULT_DB_ALIAS]
    with cursor_of(using) as cursor:
        cursor.execute(sql, [adapted(value, using) for value in values])
        return list(cursor.fetchall())


def insert_rows(*rows: models.Model) -> None:
    """Insert rows of several models, all or none: one statement on PostgreSQL. Call it in a transaction.

    Rows of one model are numbered in the order given (`insert_together` promises none); no key is read back.
    """
    if not rows:
        return
    using = connections[DEFAULT_DB_ALIAS]
    groups: dict[type[models.Model], list[models.Model]] = {}
    for row in rows:
        groups.setdefault(type(row), []).append(row)
    with cursor_of(using) as cursor:
        if using.vendor == "postgresql":
            kinds = tuple((kind, len(group)) for kind, group in groups.items())
            given = [value for group in groups.values() for row in group for value in values_of(row, using)]
            cursor.execute(_inserts(kinds), given)
        else:
            for kind, group in groups.items():
                cursor.executemany(insert_sql(kind), [values_of(row, using) for row in group])
    for row in rows:
        row._state.adding, row._state.db = False, using.alias  # noqa: SLF001 - as save() would leave it


@cache
def _inserts(kinds: tuple[tuple[type[models.Model], int], ...]) -> str:
    *first, last = [_insert(kind, number) for kind, number in kinds]
    named = ", ".join(f"row_{place} AS ({sql})" for place, sql in enumerate(first))
    return f"WITH {named} {last}" if named else last


def _insert(kind: type[models.Model], number: int) -> str:
    places = f"({', '.join(['%s'] * len(columns(kind)))})"
    return f"{insertion(kind)} VALUES {', '.join([places] * number)}"


@cache
def _update_sql(
    model: type[models.Model], written: tuple[str, ...], asked: tuple[tuple[str, int], ...]
) -> "tuple[str, tuple[models.Field[Any, Any], ...]]":
    quoted = connections[DEFAULT_DB_ALIAS].ops.quote_name
    named = {field.attname: field for field in model._meta.local_concrete_fields}
    sets = ", ".join(f"{quoted(str(named[name].column))} = %s" for name in written)
    tests = [f"{quoted(str(named[name].column))} IN ({', '.join(['%s'] * number)})" for name, number in asked]
    sql = f"UPDATE {quoted(model._meta.db_table)} SET {sets} WHERE {' AND '.join(tests)}"  # noqa: S608 - our own names
    fields = [*(named[name] for name in written), *(named[name] for name, number in asked for _ in range(number))]
    return sql, tuple(fields)


def _given(field: "models.Field[Any, Any]", value: Any, using: BaseDatabaseWrapper) -> Any:
    if type(value) in _PLAIN and not isinstance(field, models.JSONField):
        return adapted(value, using)
    return field.get_db_prep_save(value, using)


@cache
def _names(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


@cache
def _kind(model: type[models.Model], name: str) -> type[models.Model]:
    found: Any = model._meta.get_field(name).related_model
    return found  # type: ignore[no-any-return]
