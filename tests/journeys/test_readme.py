"""The README's tour, run as it stands: a real portal on an empty folder, every command in order."""

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)
SECONDS_TO_START = 300
pytestmark = pytest.mark.timeout(900)


@dataclass
class Portal:
    url: str
    password: str
    process: subprocess.Popen[bytes]


def _blocks() -> list[str]:
    return BLOCK.findall((ROOT / "README.md").read_text())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _environment(folder: Path) -> dict[str, str]:
    ours = ("STEWARD_", "PASSPORT_", "DATABASE_URL", "CELERY_", "DJANGO_", "SECRET_KEY", "ALLOWED_HOSTS", "PYTEST_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "STEWARD_DATA_DIR": str(folder)}


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("portal")
    bind = f"127.0.0.1:{_free_port()}"
    said = folder / "said.txt"
    with said.open("wb") as out:
        process = subprocess.Popen(
            ["make", "--no-print-directory", "run", f"BIND={bind}"],
            cwd=ROOT,
            env=_environment(folder / "var"),
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + SECONDS_TO_START
        while not _is_ready(f"http://{bind}"):
            assert process.poll() is None, said.read_text()
            assert time.monotonic() < deadline, said.read_text()
            time.sleep(0.2)
        printed = re.search(r"[Pp]assword:?\s+(\S+)", said.read_text())
        assert printed, said.read_text()
        yield Portal(f"http://{bind}", printed[1], process)
    finally:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)


def test_every_command_of_the_tour_does_what_the_readme_says(portal: Portal, tmp_path: Path) -> None:
    tour = [block for block in _blocks() if "curl" in block or "$" in block]
    assert len(tour) == len(_blocks()) - 2, "every block but make run and make test is part of the tour"
    script = "set -euo pipefail\n" + "\n".join(tour)
    script = script.replace("http://127.0.0.1:8000", portal.url)
    script = script.replace("the password that make run printed", portal.password)

    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=_environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    run = json.loads((tmp_path / "run.json").read_text())
    identity = json.loads((tmp_path / "identity.json").read_text())
    assert run["state"] == "succeeded", run
    assert run["actor"]["userId"] == identity["clientId"]
    assert run["actor"]["isServiceAccount"] is True
    assert run["triggeredBy"] == "schedule:Monthly Payroll Run"
    assert [step["name"] for step in run["steps"]] == [
        "resolve-identity",
        "fetch-secret",
        "mint-token",
        "guard",
        "announce",
    ]
    assert run["inputData"]["payrollMonth"] == run["requestedAt"][:7]
    assert '"alg": "RS256"' in done.stdout
    trail = json.loads(done.stdout[done.stdout.rindex('{\n    "results"') :])
    acted = {event["actor"]["label"] for event in trail["results"] if event["type"].startswith("run.step")}
    assert acted == {"payroll-scheduler"}


def test_the_two_commands_for_newcomers_are_targets_of_the_makefile() -> None:
    for block in _blocks()[:2]:
        subprocess.run([*block.split(), "--dry-run"], cwd=ROOT, check=True, capture_output=True)
