"""The database's own refusal to change or remove what the audit holds; SQLite and PostgreSQL.

Kept apart from the migrations: rebuilding a table on SQLite silently drops its triggers, so they are put back and
looked at after every `migrate`. Who may change the schema can still drop them; that is what the chain is for.
"""

from collections.abc import Sequence

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import NotSupportedError

# Table, and the columns by which an INSERT could replace a row.
PROTECTED = (
    ("audit_auditevent", ("id", "uuid")),
    ("audit_auditseal", ("event_id", "seq")),
    ("audit_auditcheckpoint", ("id", "seq")),
    ("audit_auditera", ("id",)),
)
MESSAGE = "audit records are append-only"
FUNCTION = "audit_refuse_change"


class TriggersMissing(RuntimeError):
    """A protected table would take a change; Steward does not start work on it."""


def install_triggers(using: str = DEFAULT_DB_ALIAS) -> None:
    """Put every trigger in place, anew, and make sure of it; harmless to repeat.

    Raises `TriggersMissing` if one is not there afterwards. Tables that do not exist yet are passed over.
    """
    connection = connections[using]
    tables = _tables(connection)
    with connection.cursor() as cursor:
        for statement in _statements(connection, tables):
            cursor.execute(statement)
    absent = missing_triggers(using)
    if absent:
        raise TriggersMissing(", ".join(absent))


def missing_triggers(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """The names of triggers that should be there and are not, or are switched off."""
    connection = connections[using]
    present = _present(connection)
    return [name for table in _tables(connection) for name in trigger_names(connection.vendor, table)
            if (table, name) not in present]  # fmt: skip


def trigger_names(vendor: str, table: str) -> list[str]:
    """What the triggers of one protected table are called."""
    acts = ("update", "delete", "replace") if vendor == "sqlite" else ("change", "truncate")
    return [f"{table}_no_{act}" for act in acts]


def _tables(connection: BaseDatabaseWrapper) -> list[str]:
    existing = set(connection.introspection.table_names())
    return [table for table, _ in PROTECTED if table in existing]


def _statements(connection: BaseDatabaseWrapper, tables: Sequence[str]) -> list[str]:
    keys = dict(PROTECTED)
    if connection.vendor == "sqlite":
        return [line for table in tables for line in _sqlite(table, keys[table])]
    if connection.vendor == "postgresql":
        return [_POSTGRESQL_FUNCTION, *(line for table in tables for line in _postgresql(table))]
    msg = f"Steward keeps its audit on SQLite or PostgreSQL, not on {connection.vendor}."
    raise NotSupportedError(msg)


def _sqlite(table: str, keys: tuple[str, ...]) -> list[str]:
    # INSERT OR REPLACE removes the old row without firing DELETE triggers, so it is refused as an INSERT.
    held = " OR ".join(f"{key} = NEW.{key}" for key in keys)
    refuse = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    bodies = {
        f"{table}_no_update": f"BEFORE UPDATE ON {table} {refuse}",
        f"{table}_no_delete": f"BEFORE DELETE ON {table} {refuse}",
        f"{table}_no_replace": f"BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {held}) {refuse}",  # noqa: S608 - constants
    }
    return [line for name, body in bodies.items()
            for line in (f"DROP TRIGGER IF EXISTS {name}", f"CREATE TRIGGER {name} {body}")]  # fmt: skip


_POSTGRESQL_FUNCTION = (
    f"CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
)


def _postgresql(table: str) -> list[str]:
    change, truncate = trigger_names("postgresql", table)
    act = f"EXECUTE FUNCTION {FUNCTION}()"
    created = [
        f"CREATE OR REPLACE TRIGGER {change} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {act}",
        f"CREATE OR REPLACE TRIGGER {truncate} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {act}",
    ]
    # ALWAYS: a session that calls itself a replica would skip an ordinary trigger.
    return created + [f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}" for name in (change, truncate)]


def _present(connection: BaseDatabaseWrapper) -> set[tuple[str, str]]:
    query = (
        "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'"
        if connection.vendor == "sqlite"
        else "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
        "JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE t.tgenabled = 'A' AND NOT t.tgisinternal AND n.nspname = ANY (current_schemas(false))"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return {(table, name) for table, name in cursor.fetchall()}
