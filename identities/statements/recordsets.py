"""Many rows by one statement: on PostgreSQL they go as one JSON text, which the database takes apart itself.

`executemany` is one message, one bind and one answer a row; for some hundred rows these cost several times what the
database needs to write them. The statement is the same for any number of rows, and planned once a connection.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

from identities.statements.prepared import adapted, columns, cursor_of, insert_sql, insertion

#: By attribute name (`tenant_id`): ids, times, text, numbers, None; of JSON the value itself.
Given = Mapping[str, Any]


def insert_given(model: type[models.Model], rows: Sequence[Given]) -> None:
    """Insert rows that have a value for each of the model's `columns`, in their order; call it in a transaction.

    No model is built, no signal sent, no key read back; `auto_now` and defaults are the caller's.
    """
    if not rows:
        return
    using = connections[DEFAULT_DB_ALIAS]
    with cursor_of(using) as cursor:
        if using.vendor == "postgresql":
            cursor.execute(_insert(model), [_text(rows)])
        else:
            names = columns(model)
            cursor.executemany(insert_sql(model), [[_plain(row[name], using) for name in names] for row in rows])


def update_given(model: type[models.Model], rows: Sequence[Given], names: Sequence[str]) -> None:
    """Write the columns `names` of rows that are told by their primary key. Nobody is told how many there were."""
    if not rows:
        return
    using, key = connections[DEFAULT_DB_ALIAS], str(model._meta.pk.attname)
    with cursor_of(using) as cursor:
        if using.vendor == "postgresql":
            cursor.execute(_update(model, tuple(names)), [_text(rows)])
        else:
            told = [[_plain(row[name], using) for name in (*names, key)] for row in rows]
            cursor.executemany(_update_one(model, tuple(names)), told)


def find_given(sql: str, model: type[models.Model], rows: Sequence[Given]) -> list[tuple[Any, ...]]:
    """What a statement of one's own finds for `rows`, which have the same columns and stand where it says `{given}`.

    PostgreSQL only. Nothing is converted: for ids, numbers and texts.
    """
    if not rows:
        return []
    using = connections[DEFAULT_DB_ALIAS]
    with cursor_of(using) as cursor:
        cursor.execute(sql.format(given=_given(model, tuple(rows[0]))), [_text(rows)] * sql.count("{given}"))
        return list(cursor.fetchall())


def _text(rows: Sequence[Given]) -> str:
    return json.dumps(rows, default=_written, separators=(",", ":"))


def _written(value: object) -> str:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a row.")


def _plain(value: Any, using: BaseDatabaseWrapper) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else adapted(value, using)


@cache
def _insert(model: type[models.Model]) -> str:
    names = columns(model)
    told = ", ".join(_quoted(name) for name in names)
    return f"{insertion(model)} SELECT {told} FROM {_given(model, tuple(names))}"  # noqa: S608 - names of our own


@cache
def _update(model: type[models.Model], names: tuple[str, ...]) -> str:
    table, key = _quoted(model._meta.db_table), model._meta.pk
    sets = ", ".join(f"{_quoted(str(_field(model, name).column))} = given.{_quoted(name)}" for name in names)
    given = _given(model, (str(key.attname), *names))
    return (
        f"UPDATE {table} SET {sets} FROM {given} "  # noqa: S608 - names of our own
        f"WHERE {table}.{_quoted(str(key.column))} = given.{_quoted(str(key.attname))}"
    )


@cache
def _update_one(model: type[models.Model], names: tuple[str, ...]) -> str:
    sets = ", ".join(f"{_quoted(str(_field(model, name).column))} = %s" for name in names)
    table, key = _quoted(model._meta.db_table), _quoted(str(model._meta.pk.column))
    return f"UPDATE {table} SET {sets} WHERE {key} = %s"  # noqa: S608 - names of our own


@cache
def _given(model: type[models.Model], names: tuple[str, ...]) -> str:
    """The rows as a table. Texts without their length: one that is too long is refused, as ever, and not cut."""
    typed = ", ".join(f"{_quoted(name)} {_type(_field(model, name))}" for name in names)
    return f"json_to_recordset(%s::json) AS given({typed})"


def _type(field: "models.Field[Any, Any]") -> str:
    found = str(field.rel_db_type(connections[DEFAULT_DB_ALIAS]) if field.is_relation else _own_type(field))
    return "text" if found.startswith("varchar") else found


def _own_type(field: "models.Field[Any, Any]") -> str:
    return str(field.db_type(connections[DEFAULT_DB_ALIAS]))


def _field(model: type[models.Model], name: str) -> "models.Field[Any, Any]":
    return next(field for field in model._meta.local_concrete_fields if field.attname == name)


def _quoted(name: str) -> str:
    return connections[DEFAULT_DB_ALIAS].ops.quote_name(name)
