"""The settings that are shipped, filled in as documented, are those that `check --deploy` lets pass."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config import keyring
from tests.deploy.files import COMPOSE, KUBERNETES, ROOT, documents

pytestmark = pytest.mark.long


def of_compose(folder: Path) -> dict[str, str]:
    shutil.copy(COMPOSE.parent / "make-secrets", folder)
    subprocess.run([folder / "make-secrets"], capture_output=True, check=True)
    named: dict[str, str] = documents(COMPOSE)[0]["services"]["worker"]["environment"]
    filled = {name: re.sub(r"\$\{STEWARD_HOST[^}]*\}", "steward.acme.test", value) for name, value in named.items()}
    return {name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value) for name, value in filled.items()}


def of_kubernetes(folder: Path) -> dict[str, str]:
    (folder / "secrets").mkdir()
    for name, value in {
        "secret_key": keyring.new_secret_key(),
        "encryption_key": keyring.new_encryption_key(),
        "database_url": "postgres://steward:its-own@db.acme.test:5432/steward?sslmode=verify-full",
        "broker_url": "rediss://:its-own@broker.acme.test:6379/0",
        "cache_url": "rediss://:its-own@broker.acme.test:6379/1",
        "metrics_token": keyring.new_secret_key(),
    }.items():
        (folder / "secrets" / name).write_text(value)
    (config,) = documents(KUBERNETES / "config.yaml")
    found: dict[str, str] = config["data"]
    return found


@pytest.mark.parametrize("shipped", [of_compose, of_kubernetes])
def test_what_is_shipped_is_fit_to_go_live_and_no_warning_is_accepted_in_vain(shipped, tmp_path):
    named = shipped(tmp_path)
    places = {"/run/secrets/steward": "/run/secrets", "/run/secrets": str(tmp_path / "secrets")}
    for theirs, here in places.items():
        named = {name: value.replace(theirs, here) for name, value in named.items()}
    environment = {**named, "PATH": os.environ["PATH"], "STEWARD_DATA_DIR": str(tmp_path / "data")}
    accepted = environment.pop("STEWARD_ACCEPT_WARNINGS")
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert set(re.findall(r"\((\w+\.[EW]\d{3})\)", done.stderr)) == set(accepted.split(",")), done.stderr
