"""Statements compiled once instead of for each request: for the few that every token request needs.

Building and compiling a query of fifty columns costs several times what the database needs to answer it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

Value = str | int | UUID | datetime
_MARKS: dict[type, Callable[[int], Value]] = {
    str: lambda number: f"\N{SECTION SIGN}{number}\N{SECTION SIGN}",
    int: lambda number: 1_901_000_000 + number,
    UUID: lambda number: UUID(int=(0xA11CE << 64) + number),
    datetime: lambda number: datetime(1901, 1, 1, tzinfo=UTC) + timedelta(days=number),
}


class Prepared:
    """A `values_list` query with named parameters, compiled at its first use for each kind of database.

    `build(**parameters)` is called once with marks of the declared types (str, int, UUID, datetime) for values; it may
    only pass them on into filters. Safe to share between threads. One query for each call of `rows`.
    """

    def __init__(self, build: "Callable[..., models.QuerySet[Any, Any]]", **parameters: type[Value]) -> None:
        self._build, self._types = build, parameters
        self._compiled: dict[str, tuple[str, list[Any], Any, Any]] = {}

    def rows(self, **values: Value) -> list[tuple[Any, ...]]:
        """What the query finds for these values, as tuples in the order of its `values_list`."""
        using = connections[DEFAULT_DB_ALIAS]
        sql, _, converters, compiler = self._compiled.get(using.vendor) or self._compile()
        with cursor_of(using) as cursor:
            cursor.execute(sql, self.places(values, using))
            found: Sequence[Any] = cursor.fetchall()
        return [tuple(row) for row in compiler.apply_converters(found, converters)] if converters else list(found)

    def sql(self, using: BaseDatabaseWrapper) -> str:
        """The statement itself, for those who build it into another (`witnessed`)."""
        return (self._compiled.get(using.vendor) or self._compile())[0]

    def places(self, values: Mapping[str, Value], using: BaseDatabaseWrapper) -> list[Any]:
        """What stands at the places of `sql`, in its order."""
        _, places, _, _ = self._compiled.get(using.vendor) or self._compile()
        given = {name: adapted(value, using) for name, value in values.items()}
        return [given[name] if name else fixed for name, fixed in places]

    def referring(self, prefix: str, using: BaseDatabaseWrapper) -> tuple[str, Mapping[str, type[Value]]]:
        """The statement with `prefix` and a parameter's name at each place, and the parameters with their types."""
        sql, places, _, _ = self._compiled.get(using.vendor) or self._compile()
        if not all(name for name, _ in places):
            raise TypeError("A prepared query with a fixed value cannot refer to columns in its place.")
        first, *rest = sql.split("%s")
        parts = [f"{prefix}{name}{part}" for (name, _), part in zip(places, rest, strict=True)]
        return "".join([first, *parts]), self._types

    def _compile(self) -> tuple[str, list[Any], Any, Any]:
        marks = {name: _MARKS[kind](number) for number, (name, kind) in enumerate(self._types.items(), 1)}
        compiler = self._build(**marks).query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        names = {adapted(mark, connection): name for name, mark in marks.items()}
        places = [(names.get(param), param) for param in params]
        if {name for name, _ in places if name} != set(marks):
            raise TypeError("A parameter of a prepared query did not reach the database as it was given.")
        converters = compiler.get_converters(column[0] for column in compiler.select)
        self._compiled[connection.vendor] = compiled = (sql, places, converters, compiler)
        return compiled


def cursor_of(using: BaseDatabaseWrapper) -> CursorWrapper:
    """A cursor whose statements PostgreSQL parses and plans once for each connection.

    Django writes the values into the text by default, so that each statement is a new one: a read of this kind costs
    PostgreSQL three times as much then, and Python twice. A pooler that cannot keep statements wants a
    `prepare_threshold` that is never reached.
    """
    if using.vendor != "postgresql":
        return using.cursor()
    from psycopg import Cursor

    using.ensure_connection()
    bound: Any = Cursor(using.connection)
    return using.make_debug_cursor(bound) if using.queries_logged else using.make_cursor(bound)


def adapted(value: object, using: BaseDatabaseWrapper) -> Any:
    """As the driver takes it: a time, an id, or anything that it takes as it is."""
    if isinstance(value, datetime):
        return using.ops.adapt_datetimefield_value(value)
    if isinstance(value, UUID) and not using.features.has_native_uuid_field:
        return value.hex
    return value


def insert_together(*rows: models.Model) -> None:
    """Insert rows of any models, all or none, in the order given; no signal is sent and no key is read back.

    PostgreSQL takes them in one trip, as one statement. Within a transaction that is open already they join it.
    """
    using = connections[DEFAULT_DB_ALIAS]
    kinds = tuple(type(row) for row in rows)
    if using.vendor == "postgresql":
        with cursor_of(using) as cursor:
            cursor.execute(_one_statement(kinds), [value for row in rows for value in values_of(row, using)])
    else:
        with transaction.atomic(savepoint=False), using.cursor() as cursor:
            for row in rows:
                cursor.execute(insert_sql(type(row)), values_of(row, using))
    for row in rows:
        row._state.adding, row._state.db = False, using.alias  # noqa: SLF001 - as save() would leave it


def insert_once(row: models.Model) -> bool:
    """Insert `row` unless its unique values are taken, and say whether it was; of many at once exactly one is.

    Whoever is second waits for the first one's transaction, and takes its place where that is rolled back.
    """
    using = connections[DEFAULT_DB_ALIAS]
    with cursor_of(using) as cursor:
        cursor.execute(f"{insert_sql(type(row))} ON CONFLICT DO NOTHING", values_of(row, using))
        return bool(cursor.rowcount == 1)


def insert_many(rows: Sequence[models.Model]) -> None:
    """Insert rows of one model, all or none, by one statement prepared once; as `insert_together` otherwise.

    Django's `bulk_create` writes all values into the text of its statements: for a wide table on SQLite a dozen rows
    each, compiled every time. Call it in a transaction.
    """
    if not rows:
        return
    using = connections[DEFAULT_DB_ALIAS]
    with cursor_of(using) as cursor:
        cursor.executemany(insert_sql(type(rows[0])), [values_of(row, using) for row in rows])
    for row in rows:
        row._state.adding, row._state.db = False, using.alias  # noqa: SLF001 - as save() would leave it


def update_many(rows: Sequence[models.Model], columns: Sequence[str]) -> None:
    """Write these columns as the rows hold them (`auto_now` too), by primary key, in one statement prepared once."""
    if not rows:
        return
    using = connections[DEFAULT_DB_ALIAS]
    meta = type(rows[0])._meta
    fields: list[Any] = [*(meta.get_field(column) for column in columns), meta.pk]
    quoted = using.ops.quote_name
    *sets, key = (f"{quoted(field.column)} = %s" for field in fields)
    sql = f"UPDATE {quoted(meta.db_table)} SET {', '.join(sets)} WHERE {key}"  # noqa: S608 - names of our own
    named = [(field, field.attname, type(field) in _PLAIN_FIELDS) for field in fields]
    values = [
        [
            adapted(value, using)
            if type(value := getattr(row, name)) in _PLAIN_TYPES and is_plain
            else field.get_db_prep_save(value, using)
            for field, name, is_plain in named
        ]
        for row in rows
    ]
    with cursor_of(using) as cursor:
        cursor.executemany(sql, values)


def add_up(
    rows: Sequence[models.Model], *, key: Sequence[str], sums: Sequence[str], latest: Sequence[str] = ()
) -> None:
    """Insert rows of one model; where one with this unique `key` is there, add to its `sums` and move `latest` on.

    One statement prepared once. Give the rows in one order everywhere, so that nobody waits in a ring.
    """
    if not rows:
        return
    using = connections[DEFAULT_DB_ALIAS]
    meta, quoted = type(rows[0])._meta, using.ops.quote_name
    table = quoted(meta.db_table)

    def quoted_columns(names: Sequence[str]) -> list[str]:
        return [quoted(str(meta.get_field(name).column)) for name in names]  # type: ignore[union-attr]

    added = [f"{name} = {table}.{name} + excluded.{name}" for name in quoted_columns(sums)]
    moved = [
        f"{name} = CASE WHEN excluded.{name} > {table}.{name} THEN excluded.{name} ELSE {table}.{name} END"
        for name in quoted_columns(latest)
    ]
    changed = f"ON CONFLICT ({', '.join(quoted_columns(key))}) DO UPDATE SET {', '.join([*added, *moved])}"
    with cursor_of(using) as cursor:
        cursor.executemany(f"{insert_sql(type(rows[0]))} {changed}", [values_of(row, using) for row in rows])


def values_of(row: models.Model, using: BaseDatabaseWrapper) -> list[Any]:
    """What the driver is given. Asking Django's field costs most of an insert, so plain values go past it."""
    held = row.__dict__
    return [
        adapted(held[field.attname], using)
        if is_plain and type(held[field.attname]) in _PLAIN_TYPES
        else field.get_db_prep_save(field.pre_save(row, add=True), using)
        for field, is_plain in _fields(type(row))
    ]


_PLAIN_TYPES = {str, UUID, datetime, bool, int, type(None)}
_PLAIN_FIELDS = {
    models.CharField,
    models.TextField,
    models.UUIDField,
    models.DateTimeField,
    models.ForeignKey,
    models.BooleanField,
    models.PositiveIntegerField,
    models.PositiveSmallIntegerField,
    models.PositiveBigIntegerField,
}


@cache
def _fields(model: type[models.Model]) -> "tuple[tuple[models.Field[Any, Any], bool], ...]":
    """The columns to insert, each with whether its values go to the driver as they are."""
    fields = (field for field in model._meta.local_concrete_fields if not isinstance(field, models.AutoField))
    return tuple((field, type(field) in _PLAIN_FIELDS and not _is_set_at_save(field)) for field in fields)


def _is_set_at_save(field: "models.Field[Any, Any]") -> bool:
    return bool(getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False))


@cache
def _one_statement(kinds: tuple[type[models.Model], ...]) -> str:
    """All inserts as one statement: what PostgreSQL calls data-modifying WITH."""
    *first, last = [insert_sql(kind) for kind in kinds]
    named = ", ".join(f"row_{number} AS ({sql})" for number, sql in enumerate(first))
    return f"WITH {named} {last}" if named else last


@cache
def columns(model: type[models.Model]) -> tuple[str, ...]:
    """The attributes that an insert takes, in its order: all but the number that the database gives."""
    return tuple(field.attname for field, _ in _fields(model))


@cache
def insertion(model: type[models.Model]) -> str:
    """The head of an insert into all `columns`."""
    quoted = connection.ops.quote_name
    return f"INSERT INTO {quoted(model._meta.db_table)} ({', '.join(quoted(str(f.column)) for f, _ in _fields(model))})"


@cache
def insert_sql(model: type[models.Model]) -> str:
    """The whole of it, for values to be given."""
    return f"{insertion(model)} VALUES ({', '.join(['%s'] * len(columns(model)))})"
