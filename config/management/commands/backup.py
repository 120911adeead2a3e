"""`manage.py backup FILE`: a whole copy of an embedded database, while the portal runs."""

import os
import sqlite3
import time
from argparse import ArgumentParser
from contextlib import closing
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from config.keyring import PRIVATE_FILE

BAD_USAGE = 2


class Command(BaseCommand):
    help = (
        "Copy an SQLite database into FILE, whole and readable by you alone; the portal may go on meanwhile. The keys "
        "are not in it: keep secret_key, encryption_key and checkpoints.jsonl elsewhere. PostgreSQL has pg_dump."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="where to; it may not be there yet")

    def handle(self, *, file: Path, **_: Any) -> None:
        if connection.vendor != "sqlite":
            raise CommandError("The database is no SQLite one: use pg_dump.", returncode=BAD_USAGE)
        if file.exists():
            raise CommandError(f"{file} is there already.", returncode=BAD_USAGE)
        began = time.monotonic()
        try:
            _copy(file)
        except (OSError, sqlite3.Error) as error:
            raise CommandError(f"{file}: {error}.") from error
        size = file.stat().st_size / 1024 / 1024
        self.stdout.write(f"{file}: {size:.1f} MB in {time.monotonic() - began:.1f} s; it reads back whole.")


def _copy(file: Path) -> None:
    """Under another name until it is whole, so that half a copy is never taken for one."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
    try:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(draft)])
        with closing(sqlite3.connect(draft)) as copy:
            (verdict,) = copy.execute("PRAGMA integrity_check").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
