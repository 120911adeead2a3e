"""A migrated database, made once and copied: to migrate anew takes longer than most files of tests run.

The copy is keyed by what the migrations say, so that a changed one is never missed; each worker gets its own, and
Django still looks whether anything is left to migrate, and installs its triggers.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import django

ROOT = Path(__file__).parent.parent
APPS = ("audit", "identities", "scheduling")


@contextmanager
def provided(settings: dict[str, Any]) -> Iterator[None]:
    """A migrated database where the test database of these settings is looked for; it is removed at the end."""
    if settings["ENGINE"].endswith("sqlite3"):
        with _alone():
            _copy_file(Path(settings["TEST"]["NAME"]))
        yield  # the file goes with the folder it lies in
        return
    name = settings["TEST"]["NAME"] or f"test_{settings['NAME']}"
    with _alone():
        _copy_on_server(name)
    yield
    _on_server(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def begin(folder: Path) -> None:
    """Put a migrated database into a data folder that has none, for a portal that is to start quickly."""
    target = folder / "steward.db"
    if not target.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone():
            _copy_file(target)


def _copy_file(target: Path) -> None:
    made = Path(tempfile.gettempdir()) / f"steward-migrated-{os.getuid()}-{_digest()}.sqlite3"
    if not made.exists():
        unfinished = made.with_suffix(f".{os.getpid()}")
        _migrate(f"sqlite:///{unfinished}")
        unfinished.replace(made)
    shutil.copyfile(made, target)


def _copy_on_server(target: str) -> None:
    made = f"steward_migrated_{_digest()}"
    if not _on_server("SELECT 1 FROM pg_database WHERE datname = %s", made):
        unfinished = f"{made}_unfinished"
        _on_server(f'DROP DATABASE IF EXISTS "{unfinished}" WITH (FORCE)')
        _on_server(f'CREATE DATABASE "{unfinished}"')
        _migrate(_address(unfinished))
        _on_server(f'ALTER DATABASE "{unfinished}" RENAME TO "{made}"')
    _on_server(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)')
    _on_server(f'CREATE DATABASE "{target}" TEMPLATE "{made}"')


def _migrate(address: str) -> None:
    environment = {**os.environ, "DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
    subprocess.run(command, env=environment, cwd=ROOT, check=True, stdin=subprocess.DEVNULL)


def _on_server(statement: str, *values: str) -> list[Any]:
    import psycopg

    with psycopg.connect(_address("postgres"), autocommit=True) as connection:
        found = connection.execute(statement, values or None)
        return list(found.fetchall()) if found.description else []


def _address(name: str) -> str:
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


def _digest() -> str:
    """Of every migration, of what they call, and of the versions that carry them out."""
    found = hashlib.sha256(f"{django.__version__} {sys.version}".encode())
    for app in APPS:
        for path in sorted((ROOT / app / "migrations").glob("*.py")):
            found.update(path.read_bytes())
    return found.hexdigest()[:16]


@contextmanager
def _alone() -> Iterator[None]:
    """One process after the other: the first makes it, the others copy."""
    with (Path(tempfile.gettempdir()) / f"steward-migrated-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
