"""What /metrics says from the database: exact from every worker and after every restart, and no more than a number."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from identities.people.refresh_reasons import RefreshReason
from identities.service_users import health
from identities.service_users.models import HealthLook, RefreshIncident
from scheduling.builtin import giving
from scheduling.builtin.agent_health import HEALTH_CHECK
from scheduling.models import Schedule
from scheduling.services import schedules
from tests import migrated
from tests.factories import people

ROOT = Path(__file__).resolve().parents[2]
LOOKED = "agent_health_check_looked_timestamp_seconds"


def incident(reason: str) -> RefreshIncident:
    user = people.agent()
    return RefreshIncident.objects.create(
        tenant=user.tenant, user=user, event=uuid4(), reason=reason, failed_at=timezone.now()
    )


def counted(page: str) -> dict[str, float]:
    found = re.findall(r'^agent_refresh_failures_total\{reason="([a-z-]+)"\} (\S+)$', page, re.MULTILINE)
    return {reason: float(number) for reason, number in found}


def page_of(client: Client) -> str:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_database_that_is_away_takes_its_own_part_along_and_nothing_else(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> dict[str, int]:
        raise OperationalError("password=hunter2")

    monkeypatch.setattr(health, "counts", away)
    page = page_of(client)
    assert "steward_http_request_seconds" in page
    assert "agent_refresh_failures" not in page
    assert "hunter2" not in page


@pytest.mark.django_db
def test_every_reason_is_there_from_the_start(client: Client) -> None:
    page = page_of(client)
    assert counted(page) == {str(reason): 0 for reason in RefreshReason}
    assert "# TYPE agent_refresh_failures_total counter" in page


@pytest.mark.django_db
@pytest.mark.parametrize("is_shared", [False, True])
def test_the_incidents_are_counted_by_reason_and_nobody_is_named(
    client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_shared: bool
) -> None:
    if is_shared:
        monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    for reason in ("hash-mismatch", "hash-mismatch", "token-invalidated"):
        incident(reason)
    page = page_of(client)
    assert {reason: number for reason, number in counted(page).items() if number} == {
        "hash-mismatch": 2, "token-invalidated": 1,
    }  # fmt: skip
    assert "@" not in page


@pytest.mark.django_db
def test_the_longest_silence_of_a_check_that_goes_on_is_told(client: Client) -> None:
    assert LOOKED not in page_of(client)
    at = timezone.now()
    quiet, busy, paused = (people.tenant() for _ in range(3))
    for tenant, minutes in ((quiet, 90), (busy, 5), (paused, 900)):
        giving.give(HEALTH_CHECK, tenant, at=at)
        looked = at - timedelta(minutes=minutes)
        HealthLook.objects.create(tenant=tenant, seen_until=looked, looked_at=looked)
    schedules.pause(Schedule.objects.get(tenant=paused), actor=people.SYSTEM)
    assert told(client) == pytest.approx((at - timedelta(minutes=90)).timestamp())
    HealthLook.objects.filter(tenant=quiet).delete()
    assert told(client) == pytest.approx((at - timedelta(minutes=5)).timestamp())


def told(client: Client) -> float:
    found = re.search(rf"^{LOOKED} (\S+)$", page_of(client), re.MULTILINE)
    assert found is not None
    return float(found[1])


@pytest.mark.long
def test_workers_and_restarts_say_the_same_and_a_lost_database_is_survived(tmp_path: Path) -> None:
    data = tmp_path / "data"
    migrated.begin(data)
    surroundings = environment(tmp_path)
    enter_three(surroundings)
    for _ in range(2):
        with gunicorn(surroundings) as address:
            assert {counted(read(address))["hash-mismatch"] for _ in range(20)} == {3}
    with gunicorn(surroundings) as address:
        for file in data.glob("steward.db*"):
            file.unlink()
        page = read(address)
        assert "steward_http_request_seconds" in page
        assert "agent_refresh_failures_total" not in page


def environment(folder: Path) -> dict[str, str]:
    (folder / "shared").mkdir()
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "STEWARD_DATA_DIR": str(folder / "data"),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "shared"),
    }


def enter_three(surroundings: dict[str, str]) -> None:
    text = (
        "import django; django.setup()\n"
        "from tests.config.test_row_metrics import incident\n"
        "for _ in range(3): incident('hash-mismatch')\n"
    )
    subprocess.run([sys.executable, "-c", text], env=surroundings, cwd=ROOT, check=True, stdin=subprocess.DEVNULL)


@contextmanager
def gunicorn(surroundings: dict[str, str]) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--workers", "2", "--preload", "--bind", place]
    quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, env=surroundings, cwd=ROOT, **quiet)
    try:
        for _ in range(300):
            try:
                read(f"http://{place}", "/healthz")
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://{place}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def read(address: str, path: str = "/metrics") -> str:
    with urllib.request.urlopen(f"{address}{path}", timeout=30) as answer:
        return str(answer.read().decode())
