"""/flowstudio/api/runs and run now: who may ask, what is made, what is shown."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
import time_machine

from audit.models import AuditEvent
from identities.people.models import PortalRole
from identities.policies.models import AuthorizationDecision
from scheduling.models import RunState, RunStep, Schedule, ScheduleRun
from tests.factories import register, runs
from tests.scheduling.api.conftest import REFERENCE, RUNS, SCHEDULES

pytestmark = pytest.mark.django_db


def run_now(client, schedule_id, body=None):
    return client.post(f"{SCHEDULES}/{schedule_id}/runNow", body or {}, format="json")


def test_a_person_without_hold_gets_a_403_and_there_is_no_run(house, rung):
    one = house.schedule()["id"]
    assert run_now(house.as_(PortalRole.ANALYST), one).status_code == 403
    assert run_now(house.as_(PortalRole.READ_ONLY), one).status_code == 403
    assert not ScheduleRun.objects.exists()
    assert rung == []


def test_a_caller_without_workflow_execute_gets_a_403_that_is_recorded(house, rung):
    one = house.schedule()["id"]
    answer = run_now(register.client_of_machine(house.identity, "schedule.run"), one)
    assert answer.status_code == 403
    assert answer.json()["detail"] == "Missing workflow.execute permission"
    assert "insufficient_scope" in answer["WWW-Authenticate"]
    assert not ScheduleRun.objects.exists()
    assert AuthorizationDecision.objects.filter(outcome="deny", permission="workflow.execute").count() == 1
    assert AuditEvent.objects.filter(type="authorization.denied").count() == 1


def test_run_now_makes_one_run_tells_the_queue_and_uses_up_no_occurrence(
    house, rung, django_capture_on_commit_callbacks
):
    shown = house.schedule()
    admin = house.person()
    at = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
    with time_machine.travel(at, tick=False), django_capture_on_commit_callbacks(execute=True):
        answer = run_now(register.client_of(admin), shown["id"], {"reason": "Bank holiday"})
    assert (answer.status_code, list(answer.json())) == (202, ["runId"])
    run = ScheduleRun.objects.get()
    assert [str(told) for told in rung] == [answer.json()["runId"]] == [str(run.id)]
    assert (run.trigger, run.state, run.scheduled_for) == ("manual", "due", None)
    assert (run.requested_by, run.requested_by_id, run.request_reason) == (admin.email, str(admin.pk), "Bank holiday")
    assert run.input_data == {"payrollMonth": "2026-11"}
    assert run.secret_reference == REFERENCE
    assert Schedule.objects.get().next_run_at.isoformat() == shown["nextRunAt"].replace("Z", "+00:00")


def test_the_request_is_the_persons_in_the_audit_and_the_run_is_not(house, rung):
    run_now(house.as_(), house.schedule()["id"])
    run = ScheduleRun.objects.get()
    asked = AuditEvent.objects.get(type="schedule.run_requested")
    assert (asked.actor_kind, asked.details["runId"]) == ("person", str(run.id))
    assert {event.actor_kind for event in AuditEvent.objects.filter(run_id=run.id)} == {"system"}


def test_a_paused_schedule_can_be_run_by_hand(house, rung):
    one = house.schedule()["id"]
    house.as_().post(f"{SCHEDULES}/{one}/pause")
    assert run_now(house.as_(), one).status_code == 202


def test_run_now_is_answered_202_also_for_an_identity_that_is_not_enabled_or_not_there(house, rung):
    one = house.schedule()["id"]
    Schedule.objects.update(managed_identity_id=uuid4())
    assert run_now(house.as_(), one).status_code == 202


def test_a_broker_that_is_away_does_not_lose_the_run(house, monkeypatch, django_capture_on_commit_callbacks):
    from scheduling import tasks

    def away(*args, **kwargs):
        raise tasks.OperationalError("no broker")

    monkeypatch.setattr(tasks.execute, "apply_async", away)
    monkeypatch.setattr(tasks.execute, "delay", away)
    with django_capture_on_commit_callbacks(execute=True):
        assert run_now(house.as_(), house.schedule()["id"]).status_code == 202
    assert ScheduleRun.objects.get().state == "due"


def test_a_run_is_shown_with_every_member_that_tools_rely_on(house, rung):
    shown = house.schedule()
    run_id = run_now(house.as_(), shown["id"]).json()["runId"]
    actor = {
        "userId": "mi_1",
        "isServiceAccount": True,
        "managedIdentityId": str(house.identity.pk),
        "tenantId": str(house.tenant.pk),
        "roles": ["payroll"],
    }
    at = datetime(2026, 3, 25, 6, tzinfo=UTC)
    ScheduleRun.objects.update(
        actor=actor, state="refused", status=403, code="guard_denied", reason="No", started_at=at
    )
    detail = {"tokenExpiresAt": "2026-03-25T07:00:00Z", "snake_case": {"stays": 1}}
    for sequence, name in enumerate(["resolve-identity", "fetch-secret", "mint-token", "guard"], 1):
        RunStep.objects.create(
            run_id=run_id, sequence=sequence, name=name, kind=name, state="succeeded", started_at=at, detail=detail
        )
    body = house.as_(PortalRole.READ_ONLY).get(f"{RUNS}/{run_id}").json()
    assert body["id"] == run_id
    assert (body["scheduleId"], body["workflowId"]) == (shown["id"], "wf-monthly-payroll")
    assert (body["trigger"], body["triggeredBy"]) == ("manual", "schedule:Monthly Payroll Run")
    assert (body["state"], body["status"], body["code"], body["reason"]) == ("refused", 403, "guard_denied", "No")
    assert (body["scheduledFor"], body["startedAt"], body["finishedAt"]) == (None, "2026-03-25T06:00:00Z", None)
    assert body["actor"] == actor
    assert body["inputData"].keys() == {"payrollMonth"}
    assert body["correlationId"]
    assert body["requestedBy"]
    assert [step["name"] for step in body["steps"]] == ["resolve-identity", "fetch-secret", "mint-token", "guard"]
    assert body["steps"][0] == {
        "name": "resolve-identity",
        "kind": "resolve-identity",
        "state": "succeeded",
        "startedAt": "2026-03-25T06:00:00Z",
        "finishedAt": None,
        "attempt": 1,
        "detail": detail,
    }


def test_a_run_of_another_tenant_looks_like_none(house):
    foreign = runs.run()
    client = house.as_()
    for path in (f"{RUNS}/{foreign.id}", f"{RUNS}/{uuid4()}", f"{RUNS}/no-id"):
        assert client.get(path).status_code == 404
    assert client.post(f"{RUNS}/{foreign.id}/cancel").status_code == 404
    assert client.get(RUNS).json()["results"] == []


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 3),
        ("?state=due", 2),
        ("?state=failed", 1),
        ("?trigger=manual", 0),
        ("?workflowId=wf-nobody", 0),
        ("?pageSize=2", 2),
    ],
)
def test_runs_are_listed_by_filters(house, query, count):
    owner = runs.schedule(of=house.tenant)
    runs.run(owner, scheduled_for=runs.NOON)
    runs.run(owner)
    runs.run(runs.schedule(of=house.tenant), state=RunState.FAILED)
    assert len(house.as_(PortalRole.READ_ONLY).get(RUNS + query).json()["results"]) == count
    only = house.as_().get(f"{RUNS}?scheduleId={owner.id}").json()["results"]
    assert {row["scheduleId"] for row in only} == {str(owner.id)}
    assert "steps" not in only[0]


@pytest.mark.parametrize("query", ["?state=asleep", "?scheduleId=x", "?ordering=reason", "?colour=red"])
def test_other_filters_are_refused(house, query):
    assert house.as_().get(RUNS + query).status_code == 400


def test_lists_and_pages_of_runs_cost_the_same_whatever_their_length(house, django_assert_num_queries):
    owner = runs.schedule(of=house.tenant)
    made = [runs.run(owner, scheduled_for=runs.NOON.replace(minute=minute)) for minute in range(3)]
    for sequence in range(5):
        RunStep.objects.create(run=made[0], sequence=sequence, name=f"n{sequence}", kind="log")
    client = house.as_()
    with django_assert_num_queries(1):
        client.get(RUNS)
    with django_assert_num_queries(2):
        client.get(f"{RUNS}/{made[0].id}")


def test_a_run_that_waits_is_cancelled_at_once(house, rung):
    run_id = run_now(house.as_(), house.schedule()["id"]).json()["runId"]
    answer = house.as_().post(f"{RUNS}/{run_id}/cancel", {"reason": "Wrong month"}, format="json")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert answer.json()["reason"] == "Wrong month"
    asked = AuditEvent.objects.get(type="run.cancel_requested")
    assert (asked.actor_kind, asked.reason) == ("person", "Wrong month")
    assert AuditEvent.objects.filter(type="run.cancelled").count() == 1


def test_a_run_that_is_worked_on_is_asked_to_stop_and_asked_once(house):
    run = runs.run(runs.schedule(of=house.tenant), state=RunState.RUNNING)
    for _ in range(2):
        answer = house.as_().post(f"{RUNS}/{run.id}/cancel")
        assert (answer.status_code, answer.json()["state"]) == (200, "running")
    run.refresh_from_db()
    assert run.cancel_requested_at is not None
    assert AuditEvent.objects.filter(type="run.cancel_requested").count() == 1


@pytest.mark.parametrize("state", [RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED, RunState.SKIPPED])
def test_a_run_that_has_ended_cannot_be_cancelled(house, state):
    run = runs.run(runs.schedule(of=house.tenant), state=state)
    answer = house.as_().post(f"{RUNS}/{run.id}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "run_ended")


def test_an_analyst_cancels_runs_of_their_own_schedules_only(house):
    analyst = house.person(PortalRole.ANALYST)
    own = runs.run(runs.schedule(of=house.tenant, owner=analyst))
    other = runs.run(runs.schedule(of=house.tenant))
    client = register.client_of(analyst)
    assert client.post(f"{RUNS}/{own.id}/cancel").status_code == 200
    assert client.post(f"{RUNS}/{other.id}/cancel").status_code == 403
