"""A database that took our first migrations one by one ends with the tables of one that made them all at once."""

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.contract import ROOT

pytestmark = pytest.mark.long

#: `migrate` as it was before the first migrations were squashed.
STEP_BY_STEP = """
import sys
import django
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader

django.setup()
load = MigrationLoader.load_disk

def load_steps(loader):
    load(loader)
    for key in [key for key, migration in loader.disk_migrations.items() if migration.replaces]:
        del loader.disk_migrations[key]

MigrationLoader.load_disk = load_steps
call_command("migrate", *sys.argv[1:], verbosity=0)
"""


def migrate(folder: Path, *arguments: str) -> None:
    command = arguments or ("-m", "django", "migrate", "--verbosity", "0")
    own = {"PATH": os.environ["PATH"], "STEWARD_DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "config.settings"}
    subprocess.run([sys.executable, *command], cwd=ROOT, env=own, check=True, stdin=subprocess.DEVNULL)


def parts(definition: str) -> list[str]:
    """What a statement defines, in an order of its own: a column that came later stands further back."""
    depth, found = 0, [""]
    for letter in definition:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 1:
            found.append("")
        else:
            found[-1] += letter
    return sorted(re.sub(r"\s+", " ", part).strip(" ()") for part in found)


def schema(folder: Path) -> dict[str, list[str]]:
    with sqlite3.connect(folder / "steward.db") as database:
        rows = database.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    database.close()
    return {f"{kind} {name}": parts(re.sub(r'^CREATE TABLE "\w+"', "", sql)) for kind, name, sql in rows}


@pytest.fixture(scope="module")
def at_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("at-once")
    migrate(folder)
    return schema(folder)


@pytest.mark.parametrize(("identities", "scheduling"), [("0008", "0004"), ("0018_service_users", "0005")])
def test_it_goes_on_from_where_it_is(tmp_path, at_once, identities, scheduling):
    migrate(tmp_path, "-c", STEP_BY_STEP, "identities", identities)
    migrate(tmp_path, "-c", STEP_BY_STEP, "scheduling", scheduling)
    migrate(tmp_path)
    assert schema(tmp_path) == at_once
