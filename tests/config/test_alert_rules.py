"""The alert rules that come along: Prometheus takes them, and they ask for numbers that there are."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client
from django.utils import timezone

from scheduling.builtin import giving
from scheduling.builtin.agent_health import HEALTH_CHECK
from tests.factories import people

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy/prometheus"
RULES = FOLDER / "steward-alerts.yml"
WORDS = {"max", "min", "by", "increase", "time", "absent"}


def rules() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]
    ]
    return found


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_a_rule_says_how_bad_it_is_what_it_means_and_where_to_read_on(rule: dict[str, Any]) -> None:
    assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"[A-Z][A-Za-z]+", rule["alert"])
    assert rule["labels"]["severity"] in {"page", "warning"}
    assert rule["annotations"].keys() == {"summary", "description", "runbook"}
    assert (ROOT / rule["annotations"]["runbook"]).is_file()
    assert rule["alert"] in (ROOT / rule["annotations"]["runbook"]).read_text()
    assert re.fullmatch(r"\d+[mh]", rule.get("for", "1m"))


@pytest.mark.django_db
def test_the_rules_ask_for_numbers_that_are_on_the_page(client: Client) -> None:
    giving.give(HEALTH_CHECK, people.tenant(), at=timezone.now())
    told = set(re.findall(r"^([a-z_]+)[ {]", client.get("/metrics").content.decode(), re.MULTILINE))
    for rule in rules():
        plain = re.sub(r"\[[^]]*\]|by \([^)]*\)", "", rule["expr"])
        asked = set(re.findall(r"[a-z_]{2,}", plain)) - WORDS
        assert asked, rule["alert"]
        assert asked <= told, rule["alert"]


def test_a_failed_refresh_is_what_pages() -> None:
    paging = [rule["expr"] for rule in rules() if rule["labels"]["severity"] == "page"]
    assert len(paging) == 1
    assert "agent_refresh_failures_total" in paging[0]


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
@pytest.mark.parametrize("command", [("check", RULES.name), ("test", "steward-alerts-test.yml")])
def test_prometheus_takes_them_and_fires_when_it_should(command: tuple[str, str]) -> None:
    what, file = command
    done = subprocess.run(
        ["promtool", what, "rules", file], cwd=FOLDER, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
