"""What /metrics says of the clock, of waiting runs and of the audit; and the rules that read it."""

import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from audit.models import AuditVerification
from config import row_metrics
from scheduling.models import Pulse, RunState, ScheduleRun
from tests.factories import runs

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy/prometheus"
RULES = yaml.safe_load((FOLDER / "steward-operations.yml").read_text())["groups"][0]["rules"]
WORDS = {"max", "min", "by", "sum", "rate", "time", "histogram_quantile", "up"}


def numbers(client: Client) -> dict[str, float]:
    page = client.get("/metrics").content.decode()
    return {name: float(value) for name, value in re.findall(r"^(steward_\S+) (\S+)$", page, re.MULTILINE)}


@pytest.mark.django_db
def test_an_installation_that_never_did_anything_claims_nothing(client: Client) -> None:
    found = numbers(client)
    assert found["steward_oldest_due_run_seconds"] == 0
    assert "steward_audit_intact" not in found
    assert not [name for name in found if "round" in name]


@pytest.mark.django_db
def test_it_tells_when_the_clock_ticked_how_long_runs_wait_and_what_the_last_walk_found(client: Client) -> None:
    at = timezone.now()
    Pulse.objects.create(name="tick", beat_at=at - timedelta(seconds=90))
    run = runs.run()
    ScheduleRun.objects.filter(pk=run.pk).update(state=RunState.DUE, available_at=at - timedelta(seconds=400))
    AuditVerification.objects.create(finished_at=at, sealed=1, unsealed=0, is_intact=False, message="changed")
    found = numbers(client)
    assert found['steward_round_timestamp_seconds{round="tick"}'] == pytest.approx(at.timestamp() - 90, abs=1)
    assert 400 <= found["steward_oldest_due_run_seconds"] < 430
    assert found["steward_audit_intact"] == 0


@pytest.mark.django_db
def test_the_page_costs_nine_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(9):
        row_metrics.page()


@pytest.mark.django_db
def test_a_token_request_is_counted_under_its_own_route_and_a_strangers_path_under_none(client: Client) -> None:
    client.post("/passport/token", {"grant_type": "client_credentials"})
    client.get("/chosen-by-a-stranger")
    found = " ".join(numbers(client))
    assert 'route="passport/token"' in found
    assert "stranger" not in found


@pytest.mark.django_db
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_a_rule_asks_for_numbers_that_there_are_and_says_what_to_do(rule: dict[str, Any], client: Client) -> None:
    Pulse.objects.create(name="tick", beat_at=timezone.now())
    AuditVerification.objects.create(finished_at=timezone.now(), sealed=1, unsealed=0, is_intact=True, message="")
    client.post("/passport/token")
    told = set(re.findall(r"^([a-z_]+)[ {]", client.get("/metrics").content.decode(), re.MULTILINE))
    told |= {"steward_audit_checkpoint_timestamp_seconds"}  # there once something was sealed
    plain = re.sub(r"\[[^]]*\]|\{[^}]*\}|by \([^)]*\)", "", rule["expr"])
    asked = set(re.findall(r"[a-z_]{2,}", plain)) - WORDS - {"or"}
    assert asked <= told
    assert asked or "up{" in rule["expr"]
    assert rule["labels"]["severity"] in {"page", "warning"}
    assert rule["annotations"].keys() == {"summary", "description", "runbook"}
    assert f"`{rule['alert']}`" in (ROOT / rule["annotations"]["runbook"]).read_text()


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
def test_prometheus_takes_them_and_fires_when_it_should() -> None:
    command = ["promtool", "test", "rules", "steward-operations-test.yml"]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
