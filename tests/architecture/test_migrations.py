"""Migrations say what the models say."""

import os
import subprocess
import sys
from importlib import import_module

import pytest
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

from tests.architecture.contract import ROOT


def test_no_migration_is_missing(tmp_path):
    environment = {"PATH": os.environ["PATH"], "STEWARD_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def known(state: ProjectState, app: str) -> dict[str, ModelState]:
    return {name: model for (label, name), model in state.models.items() if label == app}


@pytest.mark.parametrize(
    ("app", "squashed"), [("identities", "0001_squashed_0018_steward"), ("scheduling", "0001_squashed_0005_steward")]
)
def test_made_at_once_the_tables_are_those_made_step_by_step(app, squashed):
    at_once: Migration = import_module(f"{app}.migrations.{squashed}").Migration(squashed, app)
    steps = MigrationLoader(None, replace_migrations=False).project_state(at_once.replaces[-1])
    assert known(at_once.mutate_state(ProjectState()), app) == known(steps, app)
