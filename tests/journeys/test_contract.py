"""What scripts and tools rely on, met over real HTTP: the members of every answer, the times, the refusals."""

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
import requests

from identities.people.models import PortalRole
from scheduling import tasks
from tests.factories import people as cast
from tests.scheduling.runner.conftest import passport, rsa_key  # noqa: F401 - fixtures

FLOW = "/flowstudio/api"
UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
REFERENCE = {"provider": "local", "vaultUri": "local://default", "secretName": "payroll-scheduler-client-secret"}
TOKENS = {"accessToken", "accessTokenExpiresIn", "refreshToken", "refreshTokenExpiresIn"}
USER = {
    "id", "email", "firstName", "lastName", "role", "tenantId", "mustResetPassword", "lastLoginAt", "createdAt",
    "updatedAt",
}  # fmt: skip
IDENTITY = {
    "id", "tenantId", "clientId", "name", "description", "environment", "kind", "issuance", "ownershipClass",
    "businessOwner", "technicalOwner", "deputyOwner", "ownerTeam", "purpose", "riskTier", "reviewBy", "expiresAt",
    "function", "trustBoundary", "blastRadius", "privilegeLevel", "dataClassification", "businessCriticality",
    "internetExposed", "customerFacing", "authMethod", "protocols", "upstreamTrustSource", "upstreamDependencies",
    "downstreamSystems", "downstreamPermissions", "deprovisioningTrigger", "revocationProcedure", "disableStrategy",
    "rotationIntervalDays", "expectedCadence", "repository", "businessUnit", "application", "vendorContract",
    "vendorRenewalOn", "riskTierSuggested", "riskTierReason", "triage", "triageReasons", "completeness",
    "ticket", "tags", "state", "isEnabled", "roles", "rotateBy", "lastRotatedAt", "lastUsedAt", "provenance",
    "createdAt", "updatedAt",
}  # fmt: skip
RUN = {
    "id", "scheduleId", "workflowId", "trigger", "triggeredBy", "requestedAt", "requestedBy", "state", "status",
    "reason", "code", "scheduledFor", "startedAt", "finishedAt", "actor", "inputData", "correlationId", "steps",
}  # fmt: skip
WORKFLOW = {
    "id": "wf-monthly-payroll",
    "name": "Monthly payroll",
    "nodes": [{"id": "say", "kind": "log", "params": {"message": "Payroll of {{input.payrollMonth}}"}}],
    "allowedHosts": ["payroll.example.com"],
}
DOCUMENT_1: dict[str, Any] = {
    "workflowId": "wf-monthly-payroll",
    "name": "Monthly Payroll Run",
    "cronExpression": "0 6 25 * *",
    "timezone": "UTC",
    "secretReference": REFERENCE,
    "inputData": {"payrollMonth": "{{schedule.triggerMonth}}"},
    "retryPolicy": {"maxAttempts": 3, "backoffSeconds": 60},
}
PREVIEW = {"cronExpression": "30 2 * * *", "timezone": "Europe/Berlin", "start": "2026-10-24T00:30:00Z", "count": 2}


@dataclass
class Script:
    """Somebody's script: what it asks is checked for what every answer has."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any = None, *, expect: int, **more: Any) -> requests.Response:
        more.setdefault("headers", self.headers)
        answer = requests.request(method, f"{self.url}{path}", json=body, timeout=20, allow_redirects=False, **more)
        assert answer.status_code == expect, answer.text
        assert answer.headers["X-Correlation-ID"]
        return answer

    def get(self, path: str, *, expect: int = 200) -> Any:
        return self.ask("GET", path, expect=expect).json()

    def post(self, path: str, body: Any, *, expect: int = 201) -> Any:
        return self.ask("POST", path, body, expect=expect).json()

    def signed_in(self, email: str) -> "Script":
        session = self.post("/api/auth/login", {"email": email, "password": cast.PASSWORD}, expect=200)
        return Script(self.url, {"Authorization": f"Bearer {session['accessToken']}"})


@pytest.fixture
def stranger(passport: str) -> Script:  # noqa: F811
    return Script(passport)


@pytest.fixture
def admin(stranger: Script) -> Script:
    return stranger.signed_in(cast.platform_admin().email)


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue hands each message straight to a worker."""
    monkeypatch.setattr(tasks.execute, "delay", tasks.execute)


def entered(admin: Script, **facts: Any) -> Any:
    new = {"name": f"bot-{uuid4()}", "environment": "production", "purpose": "Pays people"}
    return admin.post("/api/identities", {**new, **facts})


def scheduled(admin: Script) -> Any:
    """Document 1's schedule, as an identity that may run it."""
    identity = entered(admin, storeSecretAt=REFERENCE)
    admin.post("/api/roles", {"name": "payroll-executor", "permissions": ["workflow.execute"]})
    grant = {"identityId": identity["id"], "role": "payroll-executor", "validUntil": "2099-01-01T00:00:00Z"}
    admin.post("/api/roleBindings", {**grant, "reason": "Monthly payroll"})
    admin.post(f"{FLOW}/workflows", WORKFLOW)
    return admin.post(f"{FLOW}/schedules", {**DOCUMENT_1, "managedIdentityId": identity["id"]})


def times_of(answer: Any) -> list[str]:
    return [value for member, value in answer.items() if member.endswith("At") and value]


def test_a_sign_in_answers_the_user_and_the_tokens_twice(stranger: Script) -> None:
    user = cast.person(role=PortalRole.ANALYST)
    session = stranger.post("/api/auth/login", {"email": user.email.upper(), "password": cast.PASSWORD}, expect=200)
    assert session.keys() == {"user", "tokens"} | TOKENS
    assert session["user"].keys() == USER
    assert session["tokens"] == {name: session[name] for name in TOKENS}
    again = stranger.post("/api/auth/refresh", {"refreshToken": session["refreshToken"]}, expect=200)
    assert again.keys() == session.keys()
    stranger.post("/api/auth/refresh", {"refreshToken": session["refreshToken"]}, expect=401)
    me = Script(stranger.url, {"Authorization": f"Bearer {again['accessToken']}"}).get("/api/auth/me")
    assert me.keys() == USER | {"isAgent", "isPlatformAdmin"}


def test_an_identity_is_entered_with_a_secret_shown_once(admin: Script) -> None:
    made = entered(admin, issueSecret=True)
    assert re.fullmatch(r"nhi_[a-z]+_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}", made["clientSecret"])
    assert made.keys() >= IDENTITY | {"clientSecret"}
    read = admin.ask("GET", f"/api/identities/{made['id']}", expect=200)
    assert made["clientSecret"] not in read.text
    expected = {"kind": "workload", "issuance": "portal", "ownershipClass": "workload", "state": "active"}
    assert {name: read.json()[name] for name in expected} == expected
    assert (read.json()["isEnabled"], read.json()["roles"], read.json()["businessOwner"]) == (True, [], None)
    assert all(UTC_TIME.fullmatch(made[name]) for name in ("createdAt", "updatedAt", "rotateBy"))


def test_a_secret_put_into_a_vault_is_in_no_answer(admin: Script) -> None:
    made = entered(admin, storeSecretAt=REFERENCE)
    assert "clientSecret" not in made
    both = {"name": "both", "environment": "production", "purpose": "x", "issueSecret": True}
    admin.post("/api/identities", {**both, "storeSecretAt": REFERENCE}, expect=400)
    path = f"/api/identities/{made['id']}/credentials"
    shown = admin.post(path, {"kind": "client_secret"})
    assert shown.keys() >= {"id", "kind", "createdAt", "rotateBy", "clientSecret"}
    listed = admin.ask("GET", path, expect=200)
    assert "nhi_" not in listed.text
    assert listed.json().keys() == {"results", "next", "previous"}


def test_document_1_comes_back_as_it_was_sent(admin: Script) -> None:
    made = scheduled(admin)
    assert {name: made[name] for name in DOCUMENT_1} == DOCUMENT_1
    assert made.keys() >= {"id", "nextRunAt", "isEnabled", "approval", "owner", "ownerTeam", "createdAt", "updatedAt"}
    assert all(UTC_TIME.fullmatch(at) for at in times_of(made))


def test_a_preview_names_the_hours_in_utc_and_on_the_local_clock(admin: Script) -> None:
    assert admin.post(f"{FLOW}/schedules/preview", PREVIEW, expect=200) == {
        "description": "At 02:30, every day (Europe/Berlin)",
        "runs": [
            {"utc": "2026-10-25T00:30:00Z", "local": "2026-10-25T02:30:00+02:00"},
            {"utc": "2026-10-26T01:30:00Z", "local": "2026-10-26T02:30:00+01:00"},
        ],
    }


@pytest.mark.usefixtures("eager")
def test_a_run_by_hand_tells_who_acted_and_every_step(admin: Script) -> None:
    schedule = scheduled(admin)
    asked = admin.post(f"{FLOW}/schedules/{schedule['id']}/runNow", {}, expect=202)
    assert asked.keys() == {"runId"}
    run = admin.get(f"{FLOW}/runs/{asked['runId']}")
    assert run.keys() >= RUN
    assert (run["state"], run["trigger"], run["triggeredBy"]) == ("succeeded", "manual", f"schedule:{schedule['name']}")
    assert run["actor"].keys() == {"userId", "isServiceAccount", "managedIdentityId", "tenantId", "roles"}
    assert run["actor"]["roles"] == ["payroll-executor"]
    assert [step["name"] for step in run["steps"]] == ["resolve-identity", "fetch-secret", "mint-token", "guard", "say"]
    assert all(
        step.keys() == {"name", "kind", "state", "startedAt", "finishedAt", "attempt", "detail"}
        for step in run["steps"]
    )
    minted = run["steps"][2]["detail"]["expiresAt"]
    assert all(UTC_TIME.fullmatch(at) for at in [*times_of(run), minted])


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/api/identities", {"name": 5}, 400),
        ("GET", "/api/identities?pageSize=201", None, 400),
        ("GET", f"{FLOW}/runs?ordering=state", None, 400),
        ("GET", f"{FLOW}/runs/00000000-0000-4000-8000-000000000000", None, 404),
        ("GET", "/api/nothing", None, 404),
        ("GET", "/flowstudio/nothing", None, 404),
        ("PUT", "/api/identities", {}, 405),
        ("POST", "/api/roles", {"name": "x" * (1 << 20)}, 413),
    ],
)
def test_every_refusal_is_a_problem_document(admin: Script, method: str, path: str, body: Any, status: int) -> None:
    answer = admin.ask(method, path, body, expect=status)
    assert answer.headers["Content-Type"] == "application/problem+json"
    members = {"type", "title", "status", "detail", "code"}
    assert answer.json().keys() == (members | {"errors"} if status == 400 else members)
    assert answer.json()["status"] == status


def test_the_two_kinds_of_token_open_different_doors(stranger: Script, admin: Script) -> None:
    assert stranger.ask("GET", "/api/roles", expect=401).headers["WWW-Authenticate"] == 'Bearer realm="steward"'
    bot = entered(admin, issueSecret=True)
    asked = {"grant_type": "client_credentials", "client_id": bot["clientId"], "client_secret": bot["clientSecret"]}
    minted = stranger.ask("POST", "/passport/token", expect=200, data=asked).json()
    assert minted.keys() == {"access_token", "token_type", "expires_in", "scope"}
    machine = {"Authorization": f"Bearer {minted['access_token']}"}
    for path, needed in (("/api/identities", ', scope="identity.read"'), ("/api/auth/me", "")):
        refused = stranger.ask("GET", path, expect=403, headers=machine)
        assert refused.headers["WWW-Authenticate"] == f'Bearer error="insufficient_scope"{needed}'
    stranger.ask("POST", "/passport/introspect", expect=401, headers=admin.headers, data={"token": "x"})


@pytest.mark.parametrize("path", ["/healthz", "/passport/jwks.json", "/.well-known/oauth-authorization-server"])
def test_what_is_open_to_all_is_only_read(stranger: Script, path: str) -> None:
    stranger.ask("GET", path, expect=200)
    refused = stranger.ask("POST", path, expect=405)
    assert "<html" not in refused.text
