"""The agent of the docs for 200 refreshes: a real portal, tokens of a second, a new password, a restart on the way."""

import runpy
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.canary.portal import Portal

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "agent.py"
EMAIL, FIRST, SECOND = "reports-agent@acme.example", "Th1sIsAStrong!Pass", "Th1sIsAnother!Pass"
REFRESHES = 200


class Brief(Portal):
    """A portal whose tokens are good for a second."""

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"AUTH_ACCESS_TOKEN_TTL": "1", "AUTH_REFRESH_TOKEN_TTL": "60", "LOG_LEVEL": "INFO"}

    def restart(self) -> None:
        self.stop()
        time.sleep(1)
        self.start()

    def count(self, event: str) -> int:
        """How often this happened to the agent, as the audit has it."""
        with sqlite3.connect(self.folder / "data" / "steward.db") as database:
            asked = "SELECT count(*) FROM audit_auditevent WHERE type = ? AND subject_label = ?"
            found: int = database.execute(asked, (event, EMAIL)).fetchone()[0]
        database.close()
        return found


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brief]:
    made = Brief(tmp_path_factory.mktemp("brief"), "memory://")
    try:
        made.start()
        yield made
    finally:
        made.stop()


def until(agent: Any, portal: Brief, refreshes: int) -> None:
    """Let it work until it has refreshed so often; each call must succeed."""
    ends = time.monotonic() + 400
    while portal.count("user.session_continued") < refreshes:
        for _ in range(10):
            answer = agent.call("GET", "/api/users/me")
            assert answer.status_code == 200, answer.text
            time.sleep(0.05)
        assert time.monotonic() < ends


def test_it_lives_through_200_refreshes_a_new_password_and_a_restart(portal: Brief, tmp_path: Path) -> None:
    body = {"email": EMAIL, "password": FIRST, "firstName": "Reports", "lastName": "Agent", "role": "READ_ONLY"}
    assert portal.done("POST", "/api/users", body)["isAgent"] is True
    secret = tmp_path / "password"
    secret.write_text(FIRST)
    agent = runpy.run_path(str(EXAMPLE))["Agent"](f"http://{portal.address}", EMAIL, secret, tmp_path / "tokens.json")

    until(agent, portal, REFRESHES // 4)
    change = {"currentPassword": FIRST, "newPassword": SECOND}
    assert agent.call("PATCH", "/api/users/me/password", json=change).ok
    secret.write_text(SECOND)
    until(agent, portal, REFRESHES // 2)
    restart = threading.Thread(target=portal.restart)
    restart.start()
    while restart.is_alive():
        assert agent.call("GET", "/api/users/me").ok
        time.sleep(0.05)
    until(agent, portal, REFRESHES)

    # At first, for the password, for what the restart took along; and a token of a second may end on a slow way.
    assert portal.count("user.signed_in") <= 10
    assert portal.count("user.refresh_failed") == 0, "what may be dead is not tried"
    said = (portal.folder / "said.log").read_text()
    assert FIRST not in said
    assert SECOND not in said
