"""A service user becomes a managed identity, over real HTTP: its client never notices but for its secret."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import requests
from django.utils import timezone

from identities.inventory import usage
from identities.people.models import User
from identities.policies import decision_log
from identities.service_users import following
from scheduling import tasks
from tests.factories import passport as made_passport, people, runs
from tests.identities.api.route_table import ROWS

pytestmark = pytest.mark.django_db(transaction=True)
FLOW = "/flowstudio/api"
ANY_ID = str(uuid4())
PARAMETER = re.compile(r"<\w+:\w+>")


@dataclass
class Caller:
    """A program: `sign_in` gives it the header it calls with, and what it was answered is kept."""

    url: str
    sign_in: Callable[[], str]
    token: str = ""
    statuses: list[int] = field(default_factory=list)

    def ask(self, method: str, path: str, body: Any = None) -> requests.Response:
        self.token = self.token or self.sign_in()
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = requests.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=20)
        self.statuses.append(answer.status_code)
        return answer

    def work(self, schedule_id: Any) -> None:
        """What this automation does all day."""
        assert self.ask("GET", f"{FLOW}/schedules").json()["results"]
        self.ask("GET", "/api/identities?pageSize=5")
        started = self.ask("POST", f"{FLOW}/schedules/{schedule_id}/runNow", {"reason": "as always"})
        self.ask("GET", f"{FLOW}/runs/{started.json()['runId']}")


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(tasks.execute, "delay", lambda *args: None)
    with made_passport.fresh():
        yield


def person(url: str, user: User) -> Caller:
    def sign_in() -> str:
        sent = {"email": user.email, "password": people.PASSWORD}
        return str(requests.post(f"{url}/api/auth/login", json=sent, timeout=20).json()["accessToken"])

    return Caller(url, sign_in)


def machine(url: str, client_id: str, secret: str) -> Caller:
    def sign_in() -> str:
        sent = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        return str(requests.post(f"{url}/passport/token", data=sent, timeout=20).json()["access_token"])

    return Caller(url, sign_in)


def settle() -> None:
    """What is gathered in memory is written, as it is within seconds."""
    decision_log.flush()
    usage.flush()


def follow(hours: float) -> int:
    return following.follow(timezone.now() + timedelta(hours=hours))


def test_the_client_moves_over_and_the_account_is_disabled_behind_it(live_server: Any) -> None:
    url, agent = live_server.url, people.agent()
    admin = person(url, people.person(of=agent.tenant))
    schedule = runs.schedule(of=agent.tenant, owner=agent)
    before = person(url, agent)
    for _ in range(3):
        before.work(schedule.pk)
    settle()

    found = admin.ask("GET", f"/api/users/{agent.pk}/replacement/plan").json()
    needed = [one["permission"] for one in found["permissions"]]
    assert needed == ["identity.read", "run.read", "schedule.read", "schedule.run", "workflow.execute"]
    assert found["notCovered"] == []
    wanted = {"reason": "Away from passwords.", "quietHours": 1}
    begun = admin.ask("POST", f"/api/users/{agent.pk}/replacement", wanted).json()
    after = machine(url, begun["clientId"], begun["clientSecret"])

    # Both work; neither's use alone ends anything.
    before.work(schedule.pk)
    assert follow(2) == 0
    after.work(schedule.pk)
    before.work(schedule.pk)
    settle()
    assert follow(2) == 0
    assert follow(0) == 0

    # The client has moved over: the account falls quiet, and is disabled by the follower.
    for _ in range(3):
        after.work(schedule.pk)
    settle()
    assert follow(0.5) == 0
    assert follow(1.1) == 1
    ended = admin.ask("GET", f"/api/replacements/{begun['id']}").json()
    assert (ended["state"], ended["waitsFor"]) == ("moved", "")
    assert before.ask("GET", f"{FLOW}/schedules").status_code == 401

    # Nothing broke: every call of the client was answered as ever, before and after.
    after.work(schedule.pk)
    assert set(after.statuses) <= {200, 202}
    assert set(before.statuses[:-1]) <= {200, 202}
    assert follow(3) == 0


def test_what_the_account_never_did_the_identity_may_not_do(live_server: Any) -> None:
    url, agent = live_server.url, people.agent(role="ADMIN")
    before = person(url, agent)
    before.ask("GET", f"{FLOW}/schedules")
    before.ask("GET", "/api/users")
    settle()
    admin = person(url, people.person(of=agent.tenant))
    begun = admin.ask("POST", f"/api/users/{agent.pk}/replacement", {"reason": "Away from passwords."}).json()
    assert begun["permissions"] == ["schedule.read"]
    assert [one["text"][:36] for one in begun["notCovered"]] == ["Seeing or changing people and servic"]
    after = machine(url, begun["clientId"], begun["clientSecret"])
    assert after.ask("GET", f"{FLOW}/schedules").status_code == 200
    for row in ROWS:
        answer = after.ask(row.method, f"/{PARAMETER.sub(ANY_ID, row.route)}", {} if row.method != "GET" else None)
        may = row.machine == "schedule.read"
        assert (answer.status_code == 403) is not may, f"{row.method} {row.route} answered {answer.status_code}"
