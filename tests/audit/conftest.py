"""Ways to record, and to tamper with full database rights."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from audit import checkpoints, sealing, services as audit, triggers
from audit.actors import Actor, ActorKind, Subject
from audit.models import AuditEvent

BOT = Actor(ActorKind.IDENTITY, "3f9a", "payroll-bot", client_id="mi_payroll")
PAYROLL = Subject("workflow", "wf-monthly-payroll", "Monthly payroll")
LENGTH = 12
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def record() -> Callable[..., AuditEvent]:
    def _record(event: str = "run.succeeded", **given: object) -> AuditEvent:
        with transaction.atomic():
            return audit.record(event, **({"actor": BOT, "subject": PAYROLL} | given))  # type: ignore[arg-type]

    return _record


@pytest.fixture
def trail(record: Callable[..., AuditEvent]) -> Callable[[int], list[AuditEvent]]:
    def _trail(count: int) -> list[AuditEvent]:
        return [record(details={"number": number, "id": str(uuid4())}) for number in range(1, count + 1)]

    return _trail


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, settings: object) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def sealed(trail: Callable[[int], list[AuditEvent]]) -> list[AuditEvent]:
    events = trail(LENGTH)
    sealing.seal_pending()
    return events


@pytest.fixture
def witnessed(sealed: list[AuditEvent], tmp_path: Path) -> Path:
    """A copy of the checkpoint file, where the intruder cannot reach it."""
    assert checkpoints.take(NOW)
    return Path(shutil.copy(checkpoints.file_path(), tmp_path / "copy.jsonl"))


@contextmanager
def full_rights() -> Iterator[Callable[..., None]]:
    """What an intruder with the database's own rights can do: no triggers, no foreign keys; put back afterwards."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A table is not altered while a key of its new rows is still to be looked at: look now, not at the commit.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for table, _ in triggers.PROTECTED:
            for name in triggers.trigger_names(connection.vendor, table):
                cursor.execute(
                    f"DROP TRIGGER {name}" if connection.vendor == "sqlite" else f"DROP TRIGGER {name} ON {table}"
                )
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA foreign_keys = OFF")
        else:
            cursor.execute("SET session_replication_role = replica")

        def run(statement: str, *values: Any) -> None:
            cursor.execute(statement, values)

        yield run
        is_sqlite = connection.vendor == "sqlite"
        cursor.execute("PRAGMA foreign_keys = ON" if is_sqlite else "SET session_replication_role = DEFAULT")
    triggers.install_triggers()
