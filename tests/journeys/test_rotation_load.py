"""Token requests and scheduled runs while their secret is rotated without a pause: none of them fails."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests import migrated

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 1200


@pytest.mark.timeout(PATIENCE)
@pytest.mark.parametrize(
    ("requests", "runs", "rotations"),
    [pytest.param(60, 12, 1, marks=pytest.mark.long), pytest.param(1_000, 200, 20, marks=pytest.mark.patient)],
)
def test_nothing_fails_while_the_secret_is_rotated(tmp_path: Path, requests: int, runs: int, rotations: int) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    environment = kept | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "STEWARD_DATA_DIR": str(tmp_path),
        "PASSPORT_URL": address,
        "STEWARD_OUTBOUND_PRIVATE_ALLOW": "127.0.0.0/8",
        "LOG_LEVEL": "ERROR",
    }
    migrated.begin(tmp_path)
    command = [sys.executable, "-m", "tests.journeys.rotating.load", str(requests), str(runs)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    counted = json.loads(done.stdout.splitlines()[-1])
    assert counted["faults"] == []
    assert (counted["request"], counted["run"]) == (requests, runs)
    assert counted["rotation"] >= rotations
