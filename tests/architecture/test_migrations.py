"""Migrations say what the models say."""

import os
import subprocess
import sys

from tests.architecture.contract import ROOT


def test_no_migration_is_missing(tmp_path):
    environment = {"PATH": os.environ["PATH"], "STEWARD_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
