"""The process is killed at every boundary of a rotation: a consumer never notices, and the next run finishes."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import migrated
from tests.factories import moto_server, vaults as factory
from tests.factories.vault_servers import bao, moto
from tests.journeys.test_kill_many import POSTGRES, answers

__all__ = ["bao", "moto"]
ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 900


def walk(folder: Path, act: str, place: dict[str, Any] | None = None, **more: str) -> list[dict[str, Any]]:
    """What a consumer met at each boundary; the last line is of the process that nobody killed."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    environment = kept | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "STEWARD_DATA_DIR": str(folder),
        "SECRET_KEY": "kill-test-" + "0123456789abcdef" * 4,
        "STEWARD_ENCRYPTION_KEY": "c3Rld2FyZC10ZXN0LWVuY3J5cHRpb24ta2V5LTMyYiE=",
        "LOG_LEVEL": "ERROR",
    }
    migrated.begin(folder)
    command = [sys.executable, "-m", "tests.journeys.rotating.killed", act, json.dumps(place or {})]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment | more,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def check(met: list[dict[str, Any]], *, at_least: int) -> None:
    assert len(met) > at_least
    assert all(line["boundary"] for line in met[:-1])
    for line in met:
        for instant in ("killed", "finished"):
            seen = line[instant]
            assert seen["vaultWorks"], (instant, line)
            assert seen["oldWorks"], (instant, line)
            assert seen["live"] <= 2, (instant, line)
    assert {line["finished"]["problem"] for line in met} <= {"", None}


def check_delivered(met: list[dict[str, Any]], *, at_least: int = 15) -> None:
    check(met, at_least=at_least)
    for line in met:
        # Killed before the first commit, nothing had begun.
        assert line["finished"]["step"] in ("done", None), line
        if line["finished"]["step"] == "done":
            assert (line["finished"]["isOld"], line["finished"]["live"]) == (False, 2)
    assert {"write", "validate", "promote", "done"} <= {line["killed"]["step"] for line in met}


@pytest.mark.long
@pytest.mark.timeout(PATIENCE)
def test_no_kill_at_any_boundary_of_a_rotation_is_noticed(tmp_path: Path) -> None:
    check_delivered(walk(tmp_path, "rotate"))


@pytest.mark.long
@pytest.mark.timeout(PATIENCE)
def test_no_kill_of_the_one_that_takes_over_is_noticed(tmp_path: Path) -> None:
    check_delivered(walk(tmp_path, "recover"))


@pytest.mark.long
@pytest.mark.timeout(PATIENCE)
def test_no_kill_at_any_boundary_of_a_roll_back_is_noticed(tmp_path: Path) -> None:
    met = walk(tmp_path, "roll_back")
    check(met, at_least=8)
    ended = [line["finished"] for line in met]
    assert {(seen["state"], seen["isOld"], seen["live"]) for seen in ended} == {("rolled_back", True, 1)}


@pytest.fixture
def database() -> Iterator[str]:
    psycopg = pytest.importorskip("psycopg")
    name = f"steward_rotating_{os.getpid()}"
    with psycopg.connect(f"{POSTGRES.rstrip('/')}/postgres", autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name}")
        yield f"{POSTGRES.rstrip('/')}/{name}"
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.mark.postgres
@pytest.mark.timeout(PATIENCE)
@pytest.mark.skipif(not answers(POSTGRES), reason="needs PostgreSQL")
def test_on_postgresql_it_is_the_same(tmp_path: Path, database: str) -> None:
    check_delivered(walk(tmp_path, "rotate", DATABASE_URL=database))


@pytest.mark.long
@pytest.mark.timeout(PATIENCE)
@pytest.mark.parametrize("act", ["rotate", pytest.param("recover", marks=pytest.mark.patient)])
def test_with_a_real_openbao_it_is_the_same(tmp_path: Path, bao: factory.Bao, act: str) -> None:
    settings = {"token": factory.ROOT_TOKEN, "prefix": f"steward/{act}"}
    place = {"provider": "hashicorp-vault", "uri": bao.uri, "settings": settings}
    check_delivered(walk(tmp_path, act, place))


@pytest.mark.patient
@pytest.mark.timeout(PATIENCE)
@pytest.mark.parametrize("act", ["rotate", "recover"])
def test_with_the_staging_labels_of_aws_it_is_the_same(tmp_path: Path, moto: str, act: str) -> None:
    settings = {
        "accessKeyId": moto_server.KEY_ID,
        "secretAccessKey": moto_server.SECRET_KEY,
        "region": moto_server.REGION,
        "prefix": f"steward/{act}",
    }
    place = {"provider": "aws-secrets-manager", "uri": moto, "settings": settings}
    met = walk(tmp_path, act, place)
    check_delivered(met)
    # Until it is promoted nobody is given the new value.
    for line in met:
        if line["killed"]["step"] in ("write", "validate"):
            assert line["killed"]["isOld"], line
