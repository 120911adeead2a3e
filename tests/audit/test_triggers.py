"""Append-only in the database itself."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.utils import DatabaseError

from audit import checkpoints, sealing, triggers
from audit.models import AuditEra, AuditEvent

pytestmark = pytest.mark.django_db

STATEMENTS = [
    "UPDATE audit_auditevent SET reason = 'x'",
    "UPDATE audit_auditseal SET mac = 'x'",
    "UPDATE audit_auditcheckpoint SET mac = 'x'",
    "UPDATE audit_auditera SET mac = 'x'",
    "DELETE FROM audit_auditevent",
    "DELETE FROM audit_auditseal",
    "DELETE FROM audit_auditcheckpoint",
    "DELETE FROM audit_auditera",
]
SEALS = "INTO audit_auditseal (event_id, seq, mac) SELECT event_id, seq, 'x' FROM audit_auditseal"
ON_SQLITE = [f"INSERT OR REPLACE {SEALS}"]
ON_POSTGRESQL = [
    "TRUNCATE audit_auditevent CASCADE",
    "TRUNCATE audit_auditseal",
    "TRUNCATE audit_auditcheckpoint",
    "TRUNCATE audit_auditera",
    f"INSERT {SEALS} ON CONFLICT (event_id) DO UPDATE SET mac = 'x'",
]


@pytest.fixture
def sealed(trail: Callable[[int], list[AuditEvent]]) -> None:
    trail(2)
    sealing.seal_pending()
    assert checkpoints.take(datetime.now(UTC))
    AuditEra.objects.create(until_seq=2, mac="a", key_id="b", closed_at=datetime.now(UTC), sealed_keys="c")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("sealed")
def test_every_way_to_change_a_row_is_refused() -> None:
    for statement in STATEMENTS + (ON_SQLITE if connection.vendor == "sqlite" else ON_POSTGRESQL):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.usefixtures("sealed")
def test_a_replica_session_is_refused_as_well() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL has replica sessions")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_auditevent")


def test_migrating_puts_a_dropped_trigger_back() -> None:
    table = triggers.PROTECTED[0][0]
    name = triggers.trigger_names(connection.vendor, table)[0]
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {name}" + ("" if connection.vendor == "sqlite" else f" ON {table}"))
    assert triggers.missing_triggers() == [name]
    _migrated()
    assert triggers.missing_triggers() == []


def test_a_switched_off_trigger_counts_as_missing() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL can switch a trigger off")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER audit_auditevent_no_change")
    assert triggers.missing_triggers() == ["audit_auditevent_no_change"]


def _migrated() -> None:
    from django.db.models.signals import post_migrate

    config = apps.get_app_config("audit")
    post_migrate.send(
        sender=config, app_config=config, verbosity=0, interactive=False, using="default", plan=[], apps=apps
    )


@pytest.mark.parametrize("vendor", ["sqlite", "postgresql"])
def test_no_two_triggers_share_a_name(vendor: str) -> None:
    names = [name for table, _ in triggers.PROTECTED for name in triggers.trigger_names(vendor, table)]
    assert len(names) == len(set(names))


@pytest.mark.django_db(transaction=True)
def test_a_flushed_database_is_protected_again(trail: Callable[[int], list[AuditEvent]]) -> None:
    trail(1)
    assert triggers.missing_triggers() == []
