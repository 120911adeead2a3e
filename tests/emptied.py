"""Leave a database as the migrations left it, after a test that committed: only what holds rows is emptied.

Django's flush empties a hundred tables, most of them empty, and makes every content type and permission anew. Those
are the same after every test, and stay.
"""

from django.db import connection, transaction

from audit import triggers
from identities.vaults import services as vaults

#: What `migrate` writes itself, the same each time.
STAYS = {"django_content_type", "auth_permission", "django_migrations"}


def empty() -> None:
    """The one place that lifts the append-only triggers: for what a transactional test left, and only there."""
    with connection.cursor() as cursor:
        for table, _ in triggers.PROTECTED:
            for name in triggers.trigger_names(connection.vendor, table):
                place = "" if connection.vendor == "sqlite" else f" ON {table}"
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}{place}")
    with connection.constraint_checks_disabled(), transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")  # in any order, whatever refers to it
        for table in filled():
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")
    triggers.install_triggers()
    vaults.ensure_default()


def filled() -> list[str]:
    """The tables that hold rows, asked in one question."""
    known = sorted({*connection.introspection.django_table_names(only_existing=True, include_views=False)} - STAYS)
    each = (f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {connection.ops.quote_name(table)})" for table in known)
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(each))
        return [str(name) for (name,) in cursor.fetchall()]
