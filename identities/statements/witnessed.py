"""Rows that are inserted only while a query still finds what it found: to decide and to write are one statement.

Whoever writes on the strength of what was read earlier must know that it still holds. Here the database itself says
so, in the snapshot in which it writes. Nothing has to be counted up by those who change something, and nothing can go
stale: the query is the one that a decision is made from, and its whole answer is compared.

Threads that come at once share a statement and its commit. On PostgreSQL a few bring their values as parameters, each
number of them with a statement of its own; what many bring goes as one JSON text, the same statement for any number.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from identities.statements.direct import Direct, may_pass
from identities.statements.gathering import Gathering
from identities.statements.prepared import Prepared, Value, adapted, columns, cursor_of, insert_sql, insertion

Rows = list[tuple[Any, ...]]
#: What a query found, in the form in which the database compares it: text on PostgreSQL, the rows on SQLite.
Witness = str | tuple[tuple[Any, ...], ...]
#: What is to be inserted: models, and for each a value for each of its columns.
Row = tuple[type[models.Model], Mapping[str, object]]
Kinds = tuple[type[models.Model], ...]
_TYPES: dict[type, str] = {str: "text", UUID: "uuid", datetime: "timestamptz"}
#: So many at once have parameters; JSON costs each of them, on both sides, more than to plan three statements once.
FEW = 4


class _Wish(NamedTuple):
    witness: Witness
    values: Mapping[str, Value]
    rows: Sequence[Row]


class _Statement(NamedTuple):
    sql: str
    direct: Direct


class Witnessed:
    """A prepared query whose answers can be held against the database again later, in the statement that inserts."""

    def __init__(self, query: Prepared) -> None:
        self._query = query
        self._statements: dict[tuple[Kinds, int], _Statement] = {}
        self._together = Gathering(self._insert)

    def rows(self, **values: Value) -> tuple[Rows, Witness]:
        """What the query finds, and the witness of it. One query."""
        using = connections[DEFAULT_DB_ALIAS]
        if using.vendor != "postgresql":
            rows = self._query.rows(**values)
            return rows, tuple(rows)
        with cursor_of(using) as cursor:
            cursor.execute(self._telling(self._query.sql(using)), self._query.places(values, using))
            found = cursor.fetchall()
        return [row[:-1] for row in found], "\n".join(row[-1] for row in found)

    def insert(self, *rows: Row, witness: Witness, **values: Value) -> bool:
        """Insert `rows` if the query finds for `values` what `witness` holds; whether it did, and so inserted all.

        One statement on PostgreSQL; on SQLite a transaction that asks for the right to write before it reads. Both may
        carry what other threads want inserted. Within a transaction of the caller it is the caller's alone. Rows that
        come at once are of the same models. Values are ids, times, text, None; of JSON its text.
        """
        wish = _Wish(witness, values, rows)
        if connections[DEFAULT_DB_ALIAS].in_atomic_block:
            return self._insert([wish])[0]
        return self._together(wish)

    def _insert(self, wishes: Sequence[_Wish]) -> list[bool]:
        using = connections[DEFAULT_DB_ALIAS]
        if using.vendor == "postgresql":
            return self._in_one_statement(wishes, using)
        with transaction.atomic(savepoint=False), using.cursor() as cursor:
            return [self._one_by_one(wish, cursor, using) for wish in wishes]

    def _one_by_one(self, wish: _Wish, cursor: Any, using: BaseDatabaseWrapper) -> bool:
        if tuple(self._query.rows(**wish.values)) != wish.witness:
            return False
        for kind, row in wish.rows:
            cursor.execute(insert_sql(kind), [adapted(row[name], using) for name in columns(kind)])
        return True

    def _in_one_statement(self, wishes: Sequence[_Wish], using: BaseDatabaseWrapper) -> list[bool]:
        kinds, few = tuple(kind for kind, _ in wishes[0].rows), len(wishes) if len(wishes) <= FEW else 0
        statement = self._statements.get((kinds, few)) or self._build(kinds, using, few)
        if few:
            values = [value for number, wish in enumerate(wishes) for value in _values(number, wish)]
        else:
            names = [*self._types(kinds, using)]
            told = [dict(zip(names, _values(number, wish), strict=True)) for number, wish in enumerate(wishes)]
            values = [json.dumps(told, default=str)]
        using.ensure_connection()
        if may_pass(using):
            held = {*statement.direct.numbers(values, using)}
        else:
            with cursor_of(using) as cursor:
                cursor.execute(statement.sql, values)
                held = {number for (number,) in cursor.fetchall()}
        return [number in held for number in range(len(wishes))]

    def _telling(self, sql: str) -> str:
        return f"SELECT found.*, found::text FROM ({sql}) AS found"  # noqa: S608 - compiled by Django

    def _types(self, kinds: Kinds, using: BaseDatabaseWrapper) -> dict[str, str]:
        """What one wish brings, by name, in the order of `_values`, with the type it is read as."""
        _, parameters = self._query.referring("asked.by_", using)
        types = {"number": "int", "witness": "text"}
        types |= {f"by_{name}": _TYPES[of] for name, of in sorted(parameters.items())}
        for at, kind in enumerate(kinds):
            types |= {f"r{at}_{name}": _sent_as(_column_type(kind, name, using)) for name in columns(kind)}
        return types

    def _build(self, kinds: Kinds, using: BaseDatabaseWrapper, few: int) -> "_Statement":
        """`held` are those of the rows `asked` for whose witness holds; all inserts select from it."""
        sql, _ = self._query.referring("asked.by_", using)
        types = self._types(kinds, using)
        inserts = []
        for at, kind in enumerate(kinds):
            own = {f"r{at}_{name}": _column_type(kind, name, using) for name in columns(kind)}
            taken = ", ".join(f"{name}::jsonb" if of == "jsonb" else name for name, of in own.items())
            inserts.append(f"row_{at} AS ({insertion(kind)} SELECT {taken} FROM held)")  # noqa: S608 - names of our own
        if few:
            one = f"SELECT {', '.join(f'%s::{of} AS {name}' for name, of in types.items())}"
            asked = " UNION ALL ".join([one] * few)
        else:
            named = ", ".join(map(" ".join, types.items()))
            asked = f"SELECT * FROM json_to_recordset(%s::json) AS asked({named})"  # noqa: S608 - as above
        told = f"SELECT string_agg(found::text, E'\\n') AS now FROM ({sql}) AS found"  # noqa: S608 - as above
        text = (
            f"WITH asked AS ({asked}), "  # noqa: S608 - as above
            f"held AS (SELECT asked.* FROM asked, LATERAL ({told}) AS told WHERE told.now = asked.witness), "
            f"{', '.join(inserts)} SELECT number FROM held"
        )
        self._statements[kinds, few] = statement = _Statement(text, Direct(text))
        return statement


def _values(number: int, wish: _Wish) -> list[Any]:
    values: list[Any] = [number, wish.witness, *(value for _, value in sorted(wish.values.items()))]
    for kind, row in wish.rows:
        values += [row[name] for name in columns(kind)]
    return values


def _column_type(kind: type[models.Model], name: str, using: BaseDatabaseWrapper) -> str:
    return str(kind._meta.get_field(name).db_type(using))


def _sent_as(of: str) -> str:
    """Text is what we give for JSON; read as JSON it would be a string within JSON."""
    return "text" if of == "jsonb" else of
