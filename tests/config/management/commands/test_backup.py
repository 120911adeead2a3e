"""`manage.py backup FILE`: whole while somebody writes, private, and never over something else."""

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from audit import triggers
from audit.models import AuditEvent
from scheduling.services import firing
from tests.factories import runs
from tests.factories.runs import NOON

needs_sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL has pg_dump")


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor == 'sqlite'")
def test_postgresql_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="use pg_dump"):
        call_command("backup", str(tmp_path / "copy.db"))


@needs_sqlite
def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    kept = tmp_path / "copy.db"
    kept.write_text("mine")
    with pytest.raises(CommandError, match="is there already") as refused:
        call_command("backup", str(kept))
    assert refused.value.returncode == 2
    assert kept.read_text() == "mine"


@needs_sqlite
@pytest.mark.django_db(transaction=True)
def test_a_folder_that_is_not_there_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        call_command("backup", str(tmp_path / "nowhere" / "copy.db"))
    assert list(tmp_path.iterdir()) == []


@needs_sqlite
@pytest.mark.django_db(transaction=True)
def test_the_copy_has_what_was_committed_and_its_triggers_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    runs.schedule()
    firing.claim_due(NOON)
    connection.close()
    file = tmp_path / "copy.db"
    call_command("backup", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["copy.db"]
    with closing(sqlite3.connect(file)) as copy:
        (events,) = copy.execute("SELECT count(*) FROM audit_auditevent").fetchone()
        named = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
        with pytest.raises(sqlite3.IntegrityError, match=triggers.MESSAGE):
            copy.execute("DELETE FROM audit_auditevent")
    assert events == AuditEvent.objects.count() > 0
    assert {name for table, _ in triggers.PROTECTED for name in triggers.trigger_names("sqlite", table)} <= named
