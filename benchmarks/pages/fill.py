"""Rows by the million, made by the database itself: one INSERT from `generate_series` for a table.

What is not said takes the model's own default, so that a column which a migration adds needs no word here. The keys of
rows are made of their numbers (`key`), so that a row is pointed at without being looked for; they are as scattered as
random ones.
"""

import json
import time
from collections.abc import Mapping
from typing import Any

from django.db import connection, models
from django.db.models.fields import NOT_PROVIDED

#: Fat tables are filled without their indexes, which are made again when the rows are there.
SERIES = "generate_series(1, {rows}) n"


def key(model: type[models.Model] | str, number: str) -> str:
    """The key of the row with this number."""
    name = model if isinstance(model, str) else model._meta.model_name
    return f"md5('{name}' || ({number})::text)::uuid"


def among(*words: str, by: int = 1) -> str:
    """One of the words, scattered over the rows; a word that stands there twice comes twice as often."""
    listed = ", ".join(f"'{word}'" for word in words)
    return f"(ARRAY[{listed}])[1 + (n * 2654435761 + {by} * 40503) / 65536 % {len(words)}]"


def fill(model: type[models.Model], rows: int, series: str = SERIES, **values: str) -> None:
    """`rows` rows; a value is an SQL expression over the number `n`."""
    columns: dict[str, str] = {}
    for field in model._meta.concrete_fields:
        expression = values.pop(field.attname, None) or values.pop(field.name, None)
        if expression is None and field.primary_key:
            expression = key(model, "n") if isinstance(field, models.UUIDField) else "n"
        columns[str(field.column)] = expression if expression is not None else _default(field)
    if values:
        raise LookupError(f"{model.__name__} has no {', '.join(values)}")
    names = ", ".join(f'"{name}"' for name in columns)
    run(
        f"INSERT INTO {model._meta.db_table} ({names}) SELECT {', '.join(columns.values())} "
        f"FROM {series.format(rows=rows)}"
    )


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


class Bare:
    """A table without its indexes while rows go in: they are made again in one go each, which is much sooner."""

    def __init__(self, *made: type[models.Model]) -> None:
        self.tables = [model._meta.db_table for model in made]

    def __enter__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY (%s) "
                "AND indexname NOT IN (SELECT conname FROM pg_constraint)",
                [self.tables],
            )
            self.indexes = cursor.fetchall()
            for name, _ in self.indexes:
                cursor.execute(f'DROP INDEX "{name}"')

    def __exit__(self, *_: object) -> None:
        for _name, definition in self.indexes:
            run(definition)


class Clock:
    """Says what took how long."""

    def __init__(self) -> None:
        self.started = self.last = time.monotonic()

    def say(self, what: str) -> None:
        now = time.monotonic()
        print(f"  {now - self.started:6.0f} s  {what} ({now - self.last:.0f} s)", flush=True)
        self.last = now


def text(value: Mapping[str, Any] | list[Any]) -> str:
    """A JSON value as an SQL literal."""
    return "'" + json.dumps(value).replace("'", "''").replace("%", "%%") + "'::jsonb"


def _default(field: "models.Field[Any, Any]") -> str:
    if field.has_default() and field.default is not NOT_PROVIDED:
        return _literal(field, field.get_default())
    if field.null:
        return "NULL"
    if field.is_relation:
        raise LookupError(f"{field.model.__name__}.{field.name} has to be said")
    if isinstance(field, models.JSONField):
        return "'{}'::jsonb"
    if isinstance(field, models.DateTimeField):
        return "now()"
    if isinstance(field, models.BooleanField):
        return "false"
    if isinstance(field, models.IntegerField | models.FloatField):
        return "0"
    if isinstance(field, models.UUIDField):
        return "gen_random_uuid()"
    return "''"


def _literal(field: "models.Field[Any, Any]", value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(field, models.JSONField):
        return text(value)
    if isinstance(field, models.DateTimeField):
        return "now()"
    if isinstance(field, models.UUIDField):
        return "gen_random_uuid()"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else "'" + str(value).replace("'", "''") + "'"
