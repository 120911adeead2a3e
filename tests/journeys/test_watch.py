"""An agent's refresh is made to fail and the check run now: log, counter, audit, register and inbox have it once."""

import io
import json
import logging.config
import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
import requests
from django.utils import timezone

from audit import sealing
from audit.actors import Actor
from config import logs
from identities.notifications import reading
from identities.people import services as people
from identities.people.models import PortalRole
from scheduling import runner, tasks
from scheduling.models import ScheduleRun
from tests.scheduling.runner.conftest import passport, rsa_key  # noqa: F401 - fixtures

PASSWORD = "Correct-horse-7-battery"
SYSTEM = Actor.system("tests")
MAIL = "reports-agent@acme.test"
DETECTED = "agent.refresh.failure.detected"
Call = Callable[..., Any]


@pytest.fixture
def lines(settings: Any) -> Iterator[Callable[[str], list[dict[str, Any]]]]:
    """What was written to the log with this event."""
    written = io.StringIO()
    chosen = logs.dict_config("INFO")
    chosen["handlers"]["stderr"]["stream"] = written
    logging.config.dictConfig(chosen)
    yield lambda event: [line for line in map(json.loads, written.getvalue().splitlines()) if line["event"] == event]
    logging.config.dictConfig(settings.LOGGING)


@pytest.fixture
def call(passport: str) -> Call:  # noqa: F811
    """The API as Jane, who governs Acme, and whom its first service user belongs to."""
    tenant = people.create_tenant(name="Acme", actor=SYSTEM)
    people.create_user(tenant=tenant, email="jane@acme.test", password=PASSWORD, role=PortalRole.ADMIN, actor=SYSTEM)
    tasks.built_in()
    reading.begin(timezone.now())
    headers: dict[str, str] = {}

    def _call(method: str, path: str, body: Any = None, *, expect: int = 200) -> Any:
        answer = requests.request(method, f"{passport}{path}", json=body, headers=headers, timeout=20)
        assert answer.status_code == expect, answer.text
        return answer.json() if "json" in answer.headers["Content-Type"] else answer.text

    signed_in = _call("POST", "/api/auth/login", {"email": "jane@acme.test", "password": PASSWORD})
    headers["Authorization"] = f"Bearer {signed_in['accessToken']}"
    return _call


def run_now(call: Call) -> dict[str, Any]:
    found = call("GET", "/flowstudio/api/schedules")["results"]
    (check,) = [schedule for schedule in found if schedule["name"] == "Agent health check"]
    run = ScheduleRun.objects.get(
        pk=UUID(call("POST", f"/flowstudio/api/schedules/{check['id']}/runNow", {}, expect=202)["runId"])
    )
    if run.state == "due":
        runner.execute(run.pk, worker="w1")
    told: dict[str, Any] = call("GET", f"/flowstudio/api/runs/{run.pk}")
    return told


def counted(call: Call) -> dict[str, int]:
    found = re.findall(r'^agent_refresh_failures_total\{reason="(.+)"\} (\S+)$', call("GET", "/metrics"), re.MULTILINE)
    return {reason: int(float(number)) for reason, number in found if float(number)}


def test_a_failure_of_a_second_ago_shows_everywhere_once(
    call: Call, lines: Callable[[str], list[dict[str, Any]]]
) -> None:
    agent = call("POST", "/api/users", {"email": MAIL, "password": PASSWORD, "role": "READ_ONLY"}, expect=201)
    session = call("POST", "/api/auth/login", {"email": MAIL, "password": PASSWORD})
    call("POST", f"/api/users/{agent['id']}/force-reset", {"reason": "It was seen in a chat."})
    call("POST", "/api/auth/refresh", {"refreshToken": session["refreshToken"]}, expect=401)
    for _ in range(2):
        run = run_now(call)
        assert run["state"] == "succeeded", run["reason"]
    sealing.seal_all()
    reading.read_on(timezone.now())
    tasks.assess()

    (failed,) = lines("auth.refresh.failure")
    assert (failed["userId"], failed["reason"]) == (agent["id"], "token-invalidated")
    (detected,) = lines(DETECTED)
    assert (detected["userId"], detected["email"], detected["metadata"]) == (agent["id"], MAIL, failed["metadata"])
    assert counted(call) == {"token-invalidated": 1}
    (event,) = call("GET", f"/api/audit/events?type={DETECTED}")["results"]
    assert (event["actor"]["label"], event["subject"]["id"]) == ("steward-agent-health", agent["id"])
    findings = call("GET", "/api/findings?pageSize=200")["results"]
    assert len([finding for finding in findings if "NHI4-REFRESH" in json.dumps(finding)]) == 1
    notices = call("GET", "/api/inbox?section=told")["results"]
    (notice,) = [notice for notice in notices if "refresh" in notice["subject"]]
    assert (notice["subject"], notice["times"]) == (f"{MAIL} could not refresh its session", 1)
