"""Putting the search table's triggers and trigrams in place, and repairing what was written while they were away.

A rebuild of a table on SQLite drops its triggers, and refuses to rename a table that a trigger elsewhere speaks of. So
they are taken away before a migration there and put back after it. On PostgreSQL they stay, so that what runs while a
migration does keeps the table true. Old code knows nothing of any of it, and need not.
"""

from collections.abc import Iterable, Sequence

import structlog
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import DatabaseError

from identities.inventory import search_triggers as sql
from identities.inventory.search_triggers import OWN, Part

log = structlog.get_logger(__name__)


def install(using: str = DEFAULT_DB_ALIAS, *, also: Sequence[Part] = ()) -> bool:
    """Put all of it in place if anything is missing, and rewrite what is not true; whether there was anything to do.

    Passed over while the tables are not there. Without the right to create the extension pg_trgm, search on PostgreSQL
    reads the whole search table: right, but slow.
    """
    connection = connections[using]
    parts = [OWN, *also]
    if not _has_tables(connection, parts):
        return False
    if not missing(using, also=also):
        # The extension may have been created since, by somebody who has the right.
        return not has_trigrams(using) and _index_trigrams(connection)
    with transaction.atomic(using=using):
        remove(using)
        _run(connection, sql.sqlite(parts) if connection.vendor == "sqlite" else sql.postgresql(parts))
    _repair(connection, parts)
    if connection.vendor == "postgresql":
        _index_trigrams(connection)
    return True


def missing(using: str = DEFAULT_DB_ALIAS, *, also: Sequence[Part] = ()) -> list[str]:
    """The names of triggers that should be there and are not."""
    connection = connections[using]
    present = _present(connection)
    return [name for name in sql.names(connection.vendor, [OWN, *also]) if name not in present]


def remove(using: str = DEFAULT_DB_ALIAS) -> None:
    """Take every trigger away, also those of older versions; the rows stay."""
    connection = connections[using]
    is_named_by_itself = connection.vendor == "sqlite"
    _run(
        connection,
        [
            f"DROP TRIGGER IF EXISTS {name}" + ("" if is_named_by_itself else f" ON {table}")
            for name, table in _present(connection).items()
        ],
    )


def has_trigrams(using: str = DEFAULT_DB_ALIAS) -> bool:
    """Whether a search can use an index of trigrams."""
    connection = connections[using]
    if connection.vendor == "sqlite":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL AND to_regclass(%s) IS NOT NULL", [sql.INDEX, sql.SOURCES])
        return bool(cursor.fetchone()[0])


def _has_tables(connection: BaseDatabaseWrapper, parts: Sequence[Part]) -> bool:
    needed = {sql.TABLE, sql.TEAMS, *(part.table for part in parts)}
    return needed <= set(connection.introspection.table_names())


def _present(connection: BaseDatabaseWrapper) -> dict[str, str]:
    query = (
        "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"
        if connection.vendor == "sqlite"
        else "SELECT t.tgname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
        "JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE NOT t.tgisinternal AND n.nspname = ANY (current_schemas(false))"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return {name: table for name, table in cursor.fetchall() if name.startswith("register_search_")}


def _repair(connection: BaseDatabaseWrapper, parts: Sequence[Part]) -> None:
    """Triggers are in place by now: what is written meanwhile takes care of itself."""
    vendor = connection.vendor
    if vendor == "sqlite":
        # What was written while the triggers were away is in neither; rebuilt below, after the rows are right.
        _run(connection, [f"INSERT INTO {sql.WORDS} ({sql.WORDS}) VALUES ('rebuild')"])  # noqa: S608 - constants
    for part in parts:
        _run(
            connection, [sql.orphaned_rows(part, vendor), sql.stale_rows(part, vendor), sql.missing_rows(part, vendor)]
        )


def _index_trigrams(connection: BaseDatabaseWrapper) -> bool:
    try:
        with transaction.atomic(using=connection.alias):
            _run(connection, ["CREATE EXTENSION IF NOT EXISTS pg_trgm"])
    except DatabaseError as error:
        log.warning("search_without_trigrams", reason=str(error).splitlines()[0])
        return False
    # Nobody waits for an index that is built concurrently; inside a transaction there is no such way.
    how = "" if connection.in_atomic_block else "CONCURRENTLY "
    begun = f"CREATE INDEX {how}IF NOT EXISTS"
    _run(
        connection,
        [
            f"{begun} {sql.INDEX} ON {sql.TABLE} USING gin (text gin_trgm_ops)",
            f"{begun} {sql.SOURCES} ON {sql.REGISTER} USING gin ((reported_by::text) gin_trgm_ops)",
        ],
    )
    return True


def _run(connection: BaseDatabaseWrapper, statements: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
