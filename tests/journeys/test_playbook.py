"""The playbook of service users, run as it stands: every command in order against a real portal, each claim seen."""

import json
import os
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.identities.api import route_table
from tests.journeys.canary.portal import PASSWORD, Portal

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "service-users.md"
BLOCK = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)
EMAIL = "reports-agent@aegis.local"
SECRETS = ("Th1sIsAStrong!Pass", "Th1sIsA-Second!Pass", "An0ther-Strong!Pass", "A-Th1rd-Strong!Pass")
REASONS = (
    "verification-failed", "invalid-payload", "missing-refresh-state", "token-invalidated", "password-rotated",
    "refresh-id-mismatch", "hash-mismatch",
)  # fmt: skip


def script() -> str:
    return "set -euo pipefail\n" + "\n".join(BLOCK.findall(PAGE.read_text()))


def test_its_commands_are_shell() -> None:
    done = subprocess.run(["bash", "-n"], input=script(), text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_routes_it_names_are_there() -> None:
    named = re.findall(r"`(GET|POST|PATCH) /(api/[\w/{}-]+)", PAGE.read_text())
    known = {(row.method, re.sub(r"<\w+:(\w+)>", r"{\1}", row.route)) for row in route_table.ROWS} | route_table.OPEN
    assert named
    assert set(named) <= known


def test_it_names_the_seven_reasons_and_no_other() -> None:
    section = PAGE.read_text().split("## When a refresh fails")[1].split("\n## ")[0]
    assert tuple(re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE)) == REASONS


@dataclass
class Followed:
    """What came of it: what the shell said, the files it left, and the portal it talked to."""

    said: str
    folder: Path
    portal: Portal

    def file(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text())

    def events(self, kind: str) -> list[dict[str, Any]]:
        """What the audit holds of the agent, oldest first."""
        with sqlite3.connect(self.portal.folder / "data" / "steward.db") as database:
            asked = "SELECT changes, details FROM audit_auditevent WHERE type = ? AND subject_label = ? ORDER BY id"
            rows = database.execute(asked, (kind, EMAIL)).fetchall()
        database.close()
        return [{"changes": json.loads(changes), "details": json.loads(details)} for changes, details in rows]

    def logged(self, event: str) -> list[dict[str, Any]]:
        lines = (self.portal.folder / "said.log").read_text().splitlines()
        read = [json.loads(line) for line in lines if line.startswith("{") and event in line]
        return [line for line in read if line["event"] == event]


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Followed]:
    portal, folder = Portal(tmp_path_factory.mktemp("playbook"), "memory://"), tmp_path_factory.mktemp("shell")
    text = script().replace("http://127.0.0.1:8000", f"http://{portal.address}")
    text = text.replace("the password that make run printed", PASSWORD)
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    try:
        portal.start()
        done = subprocess.run(
            ["bash", "-c", text], cwd=folder, env=kept, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr
        yield Followed(done.stdout, folder, portal)
    finally:
        portal.stop()


@pytest.mark.long
class TestFollowed:
    """Each claim of the page, of one walk through it."""

    def test_an_administrators_payload_makes_a_service_user(self, followed: Followed) -> None:
        made = followed.file("agent.json")
        assert (made["email"], made["role"], made["isAgent"]) == (EMAIL, "ANALYST", True)
        assert [event["changes"]["email"]["current"] for event in followed.events("user.created")] == [EMAIL]

    def test_its_first_tokens_can_go_into_a_vault_without_being_seen(self, followed: Followed) -> None:
        assert "evidence-agent@aegis.local" in followed.said
        with sqlite3.connect(followed.portal.folder / "data" / "steward.db") as database:
            stored = database.execute("SELECT count(*) FROM identities_localsecret WHERE name LIKE '%evidence-agent%'")
            assert stored.fetchone()[0] == 1
        database.close()

    def test_a_new_password_ends_what_was_out_there_and_says_why(self, followed: Followed) -> None:
        assert "the old access token: 401" in followed.said
        failures = [event["changes"]["refreshToken"] for event in followed.events("user.refresh_failed")]
        assert [(change["previous"], change["current"], change["reason"]) for change in failures] == [
            ("active", "invalidated", "password-rotated"),
            ("active", "invalidated", "token-invalidated"),
        ]
        assert [change["metadata"]["cause"] for change in failures] == ["password-changed", "reset-forced"]
        assert followed.file("refused.json")["code"] == "token-invalidated"

    def test_each_failure_is_a_line_of_the_log_with_its_members(self, followed: Followed) -> None:
        lines = followed.logged("auth.refresh.failure")
        agent = followed.file("agent.json")["id"]
        assert [(line["userId"], line["reason"]) for line in lines] == [
            (agent, "password-rotated"),
            (agent, "token-invalidated"),
        ]
        assert all(line["metadata"]["refreshTokenId"] for line in lines)

    def test_the_health_check_finds_each_once_and_says_so_everywhere(self, followed: Followed) -> None:
        run = followed.file("run.json")
        assert (run["state"], run["actor"]["roles"]) == ("succeeded", ["Built-in: agent health check"])
        lines = followed.logged("agent.refresh.failure.detected")
        assert [line["reason"] for line in lines] == ["password-rotated", "token-invalidated"]
        members = {"scheduleId", "userId", "email", "reason", "metadata", "createdAt"}
        assert all(members <= set(line) and line["email"] == EMAIL for line in lines)
        for reason, number in (("password-rotated", 1), ("token-invalidated", 1), ("hash-mismatch", 0)):
            assert f'agent_refresh_failures_total{{reason="{reason}"}} {number}.0' in followed.said
        assert len(followed.file("incidents.json")["results"]) == 2
        assert len(followed.file("failures.json")["results"]) == 2
        assert [found["code"] for found in followed.file("findings.json")["results"]] == ["NHI4-REFRESH"]

    def test_until_there_is_a_new_password_only_the_way_to_it_is_open(self, followed: Followed) -> None:
        assert followed.file("shut.json")["code"] == "password_reset_required"
        assert "findings: 200" in followed.said

    def test_the_history_holds_what_happened_with_who_did_it(self, followed: Followed) -> None:
        entries = followed.file("history.json")["results"]
        kinds = {entry["type"] for entry in entries}
        assert kinds >= {
            "user.created", "user.role_changed", "user.password_set", "user.changed", "user.reset_forced",
            "user.token_issued", "user.refresh_failed", "user.signed_in", "user.session_continued",
        }  # fmt: skip
        assert [entry["recordedAt"] for entry in entries] == sorted((e["recordedAt"] for e in entries), reverse=True)
        assert all(entry["actor"]["label"] and entry["correlationId"] for entry in entries)
        edited = next(entry for entry in entries if entry["type"] == "user.changed")
        assert edited["changes"]["firstName"] == {"previous": "Reports", "current": "Monthly reports"}
        issued = next(entry for entry in entries if entry["type"] == "user.token_issued")["changes"]["serviceToken"]
        assert (issued["previous"], issued["current"]) == (None, "issued")
        assert {"source", "refreshTokenId", "issuedAt"} <= set(issued)

    def test_it_is_one_amber_row_of_the_register_that_its_maker_answers_for(self, followed: Followed) -> None:
        [row] = followed.file("rows.json")["results"]
        assert (row["name"], row["triage"]) == (EMAIL, "amber")
        assert row["technicalOwner"]["label"].startswith("admin@")

    def test_the_way_out_ends_with_the_user_disabled_and_nothing_broken(self, followed: Followed) -> None:
        assert [needed["permission"] for needed in followed.file("plan.json")["permissions"]] == ["finding.read"]
        # What was used a moment ago is known a few seconds later: either of the two speaks against it.
        assert followed.file("too-early.json")["code"] in ("account_in_use", "identity_unused")
        assert followed.said.count("as a managed identity: 200") == 2
        assert "as a service user: 401" in followed.said
        with sqlite3.connect(followed.portal.folder / "data" / "steward.db") as database:
            asked = "SELECT is_active FROM identities_user WHERE email = ?"
            assert database.execute(asked, (EMAIL,)).fetchone() == (0,)
        database.close()

    def test_no_password_is_in_anything_the_portal_wrote(self, followed: Followed) -> None:
        for place, content in followed.portal.places():
            assert not [secret for secret in SECRETS if secret.encode() in content], place
