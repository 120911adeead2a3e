"""The product in one scene: document 1's schedule is posted, its hour comes, and payroll is run by a machine in its own
name; then the person who set it up leaves, and the next month it runs all the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import requests
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.lifecycle import services as lifecycle
from identities.people import services as people
from identities.people.models import PortalRole, User
from identities.tokens import verification
from scheduling import tasks
from scheduling.models import Schedule, ScheduleRun
from tests.scheduling.runner import receiver
from tests.scheduling.runner.conftest import passport, rsa_key  # noqa: F401 - fixtures
from tests.scheduling.runner.receiver import Receiver

PASSWORD = "Correct-horse-7-battery"
SYSTEM = Actor.system("tests")
STEPS = ["resolve-identity", "fetch-secret", "mint-token", "guard", "pay"]


@dataclass
class Portal:
    url: str
    token: str = ""

    def call(self, method: str, path: str, body: Any = None, *, expect: int) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = requests.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=20)
        assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None


@pytest.fixture
def payroll(settings) -> Iterator[Receiver]:
    settings.STEWARD_OUTBOUND_PRIVATE_ALLOW = ["127.0.0.0/8"]
    with receiver.listening() as listening:
        yield listening


@pytest.fixture
def eager(monkeypatch) -> None:
    """The queue hands each message straight to a worker."""
    monkeypatch.setattr(tasks.execute, "delay", tasks.execute)


@pytest.fixture
def portal(passport: str) -> Portal:  # noqa: F811
    tenant = people.create_tenant(name="Acme", actor=SYSTEM)
    people.create_user(tenant=tenant, email="jane@acme.test", password=PASSWORD, role=PortalRole.ADMIN, actor=SYSTEM)
    made = Portal(passport)
    signed_in = made.call("POST", "/api/auth/login", {"email": "jane@acme.test", "password": PASSWORD}, expect=200)
    made.token = signed_in["tokens"]["accessToken"]
    return made


@pytest.fixture
def reference() -> dict[str, str]:
    return {"provider": "local", "vaultUri": "local://default", "secretName": "payroll-scheduler-client-secret"}


@pytest.fixture
def schedule(portal: Portal, payroll: Receiver, reference: dict[str, str]) -> dict[str, Any]:
    """Identity, role, workflow and document 1's schedule, each through its route."""
    identity = portal.call(
        "POST",
        "/api/identities",
        {"name": "payroll-bot", "environment": "production", "purpose": "Pays people", "storeSecretAt": reference},
        expect=201,
    )
    assert "clientSecret" not in identity
    role = {"name": "payroll-executor", "permissions": ["workflow.execute"]}
    portal.call("POST", "/api/roles", role, expect=201)
    until = (timezone.now() + timedelta(days=90)).isoformat()
    binding = {"identityId": identity["id"], "role": "payroll-executor", "validUntil": until, "reason": "payroll"}
    portal.call("POST", "/api/roleBindings", binding, expect=201)
    pay = payroll.node()
    pay["params"]["json"] = {"month": "{{input.payrollMonth}}"}
    workflow = {"id": "wf-monthly-payroll", "name": "Monthly payroll", "nodes": [pay], "allowedHosts": [payroll.host]}
    portal.call("POST", "/flowstudio/api/workflows", workflow, expect=201)
    document_1 = {
        "workflowId": "wf-monthly-payroll",
        "name": "Monthly Payroll Run",
        "cronExpression": "0 6 25 * *",
        "timezone": "UTC",
        "managedIdentityId": identity["id"],
        "secretReference": reference,
        "inputData": {"payrollMonth": "{{schedule.triggerMonth}}"},
        "retryPolicy": {"maxAttempts": 3, "backoffSeconds": 60},
    }
    made = portal.call("POST", "/flowstudio/api/schedules", document_1, expect=201)
    return {**made, "identity": identity}


def last_payday() -> datetime:
    """The newest 25th, 06:00, that is over."""
    last_month = timezone.now().astimezone(UTC).replace(day=1) - timedelta(days=1)
    this = timezone.now().astimezone(UTC).replace(day=25, hour=6, minute=0, second=0, microsecond=0)
    return this if this <= timezone.now() else this.replace(year=last_month.year, month=last_month.month)


def payday(schedule: dict[str, Any]) -> ScheduleRun:
    """The hour came while the portal was down, and the clock ticks again."""
    moment = last_payday()
    Schedule.objects.filter(id=schedule["id"]).update(next_run_at=moment)
    tasks.tick()
    return ScheduleRun.objects.get(schedule_id=schedule["id"], scheduled_for=moment)


@pytest.mark.usefixtures("eager")
def test_payroll_runs_as_a_managed_identity(portal: Portal, payroll: Receiver, schedule: dict[str, Any]):
    run = payday(schedule)
    shown = portal.call("GET", f"/flowstudio/api/runs/{run.id}", expect=200)
    assert (shown["state"], shown["trigger"], shown["triggeredBy"]) == (
        "succeeded",
        "schedule",
        "schedule:Monthly Payroll Run",
    )
    assert [step["name"] for step in shown["steps"]] == STEPS
    month = f"{last_payday():%Y-%m}"
    assert shown["inputData"] == {"payrollMonth": month}
    identity = schedule["identity"]
    assert shown["actor"] == {
        "userId": identity["clientId"],
        "isServiceAccount": True,
        "managedIdentityId": identity["id"],
        "tenantId": identity["tenantId"],
        "roles": ["payroll-executor"],
    }
    request = payroll.requests[0]
    assert request.body == {"month": month}
    assert request.headers["idempotency-key"] == f"{run.id}:pay"
    assert request.headers["x-correlation-id"] == shown["correlationId"]
    claims = verification.verify_access_token(payroll.tokens()[0])
    assert str(claims.identity_id) == identity["id"]


@pytest.mark.usefixtures("eager")
def test_the_audit_tells_the_whole_run_and_no_person_is_in_it(portal: Portal, schedule: dict[str, Any]):
    run = payday(schedule)
    rows = AuditEvent.objects.filter(run_id=run.id).order_by("id")
    steps = ["run.step_finished"] * len(STEPS)
    assert [row.type for row in rows if row.type.startswith("run.")] == [
        *("run.due", "run.claimed", "run.started"),
        *steps,
        "run.succeeded",
    ]
    assert not rows.filter(actor_kind__in=["person", "service_user"]).exists()
    by_the_bot = rows.filter(actor_kind="identity")
    assert {(row.actor_label, row.actor_client_id) for row in by_the_bot} == {
        ("payroll-bot", schedule["identity"]["clientId"])
    }
    minted = AuditEvent.objects.filter(type="token.issued", correlation_id=run.correlation_id)
    assert minted.count() == 1
    listed = portal.call("GET", f"/api/audit/events?runId={run.id}", expect=200)
    assert len(listed["results"]) == rows.count()


@pytest.mark.usefixtures("eager")
def test_who_set_it_up_leaves_and_it_runs_all_the_same(portal: Portal, payroll: Receiver, schedule: dict[str, Any]):
    jane = User.objects.get(email="jane@acme.test")
    people.create_user(
        tenant=jane.tenant, email="ann@acme.test", password=PASSWORD, role=PortalRole.ADMIN, actor=SYSTEM
    )
    lifecycle.disable_person(jane, reason="left", actor=SYSTEM)
    assert payday(schedule).state == "succeeded"
    assert len(payroll.requests) == 1


@pytest.mark.usefixtures("eager")
def test_a_run_by_hand_is_the_identitys_and_the_person_is_only_who_asked(
    portal: Portal, payroll: Receiver, schedule: dict[str, Any]
):
    answer = portal.call("POST", f"/flowstudio/api/schedules/{schedule['id']}/runNow", {}, expect=202)
    run = ScheduleRun.objects.get(id=UUID(answer["runId"]))
    tasks.tick()
    run.refresh_from_db()
    assert (run.state, run.trigger, run.scheduled_for, run.requested_by) == (
        "succeeded",
        "manual",
        None,
        "jane@acme.test",
    )
    assert run.input_data == {"payrollMonth": f"{run.requested_at:%Y-%m}"}
    assert run.actor is not None
    assert run.actor["userId"] == schedule["identity"]["clientId"]


@pytest.mark.usefixtures("eager")
def test_a_disabled_identity_leaves_a_refused_run_and_nobody_is_paid(
    portal: Portal, payroll: Receiver, schedule: dict[str, Any]
):
    identity = schedule["identity"]["id"]
    portal.call("POST", f"/api/identities/{identity}/disable", {"reason": "incident"}, expect=200)
    run = payday(schedule)
    shown = portal.call("GET", f"/flowstudio/api/runs/{run.id}", expect=200)
    assert (shown["state"], shown["code"]) == ("refused", "identity_disabled")
    assert shown["reason"] == "Managed identity 'payroll-bot' is disabled"
    assert payroll.requests == []
