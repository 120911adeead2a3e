"""Statements compiled once instead of for each request: for the few that every token request needs.

Building and compiling a query of fifty columns costs several times what the database needs to answer it.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

Value = str | UUID | datetime
_MARKS: dict[type, Callable[[int], Value]] = {
    str: lambda number: f"\N{SECTION SIGN}{number}\N{SECTION SIGN}",
    UUID: lambda number: UUID(int=(0xA11CE << 64) + number),
    datetime: lambda number: datetime(1901, 1, 1, tzinfo=UTC) + timedelta(days=number),
}


class Prepared:
    """A `values_list` query with named parameters, compiled at its first use for each kind of database.

    `build(**parameters)` is called once with marks of the declared types (str, UUID, datetime) for values; it may
    only pass them on into filters. Safe to share between threads. One query for each call of `rows`.
    """

    def __init__(self, build: "Callable[..., models.QuerySet[Any, Any]]", **parameters: type[Value]) -> None:
        self._build, self._types = build, parameters
        self._compiled: dict[str, tuple[str, list[Any], Any, Any]] = {}

    def rows(self, **values: Value) -> list[tuple[Any, ...]]:
        """What the query finds for these values, as tuples in the order of its `values_list`."""
        using = connections[DEFAULT_DB_ALIAS]
        sql, places, converters, compiler = self._compiled.get(using.vendor) or self._compile()
        given = {name: _adapted(value, using) for name, value in values.items()}
        with using.cursor() as cursor:
            cursor.execute(sql, [given[name] if name else fixed for name, fixed in places])
            found: Sequence[Any] = cursor.fetchall()
        return [tuple(row) for row in compiler.apply_converters(found, converters)] if converters else list(found)

    def _compile(self) -> tuple[str, list[Any], Any, Any]:
        marks = {name: _MARKS[kind](number) for number, (name, kind) in enumerate(self._types.items(), 1)}
        compiler = self._build(**marks).query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        names = {_adapted(mark, connection): name for name, mark in marks.items()}
        places = [(names.get(param), param) for param in params]
        if {name for name, _ in places if name} != set(marks):
            raise TypeError("A parameter of a prepared query did not reach the database as it was given.")
        converters = compiler.get_converters(column[0] for column in compiler.select)
        self._compiled[connection.vendor] = compiled = (sql, places, converters, compiler)
        return compiled


def _adapted(value: Value, using: BaseDatabaseWrapper) -> Any:
    if isinstance(value, datetime):
        return using.ops.adapt_datetimefield_value(value)
    if isinstance(value, UUID) and not using.features.has_native_uuid_field:
        return value.hex
    return value


def insert_together(*rows: models.Model) -> None:
    """Insert rows of any models, all or none, each in one plain INSERT; no signal is sent and no key is read back.

    PostgreSQL takes them in one trip, as one statement list is one transaction there. Within a transaction that is open
    already they join it.
    """
    using = connections[DEFAULT_DB_ALIAS]
    statements = [_insert(row, using) for row in rows]
    if _takes_lists(using):
        with using.cursor() as cursor:
            cursor.execute(
                "; ".join(sql for sql, _ in statements), [value for _, values in statements for value in values]
            )
    else:
        with transaction.atomic(), using.cursor() as cursor:
            for sql, values in statements:
                cursor.execute(sql, values)
    for row in rows:
        row._state.adding, row._state.db = False, using.alias  # noqa: SLF001 - as save() would leave it


def _takes_lists(using: BaseDatabaseWrapper) -> bool:
    """Whether several statements may go at once: PostgreSQL, outside a transaction, with values bound on our side."""
    bound_there = using.settings_dict["OPTIONS"].get("server_side_binding", False)
    return using.vendor == "postgresql" and not using.in_atomic_block and not bound_there and using.get_autocommit()


def _insert(row: models.Model, using: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
    fields = _fields(type(row))
    values = [field.get_db_prep_save(field.pre_save(row, add=True), using) for field in fields]
    return _insert_sql(type(row), using.vendor), values


@cache
def _fields(model: type[models.Model]) -> "tuple[models.Field[Any, Any], ...]":
    return tuple(field for field in model._meta.local_concrete_fields if not isinstance(field, models.AutoField))


@cache
def _insert_sql(model: type[models.Model], vendor: str) -> str:
    quoted = connection.ops.quote_name
    columns = ", ".join(quoted(str(field.column)) for field in _fields(model))
    places = ", ".join(["%s"] * len(_fields(model)))
    return f"INSERT INTO {quoted(model._meta.db_table)} ({columns}) VALUES ({places})"  # noqa: S608 - names of our own
