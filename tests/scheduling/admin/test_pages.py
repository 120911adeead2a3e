"""The scheduler's pages: made and operated through its services, and read by people."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.people.models import PortalRole
from identities.vaults import services as vaults
from identities.vaults.models import VaultConnection
from scheduling.models import RunState, RunStep, Schedule, ScheduleRun, StepState, Workflow
from tests.factories import pages, people, runs

pytestmark = pytest.mark.django_db


@pytest.fixture
def ours():
    return pages.estate("harbour")


@pytest.fixture
def client(ours):
    return pages.signed_in(ours.person)


@pytest.fixture(autouse=True)
def rung(monkeypatch):
    """The runs that the queue was told of."""
    heard: list[object] = []
    monkeypatch.setattr("scheduling.tasks.ring_now", heard.append)
    return heard


def schedule_values(ours, **changes):
    vaults.ensure_default()
    values = {
        "name": "Nightly", "workflow": str(ours.workflow.pk), "cron_expression": "0 2 * * *", "timezone": "Europe/Oslo",
        "identity": str(ours.identity.pk), "vault": str(VaultConnection.objects.get(tenant=None).pk),
        "secret_name": "payroll",
        "input_data": '{"month": "{{schedule.triggerMonth}}"}', "max_attempts": "3", "backoff_seconds": "30",
        "misfire_policy": "run_once", "overlap_policy": "skip", "jitter_seconds": "0",
    }  # fmt: skip
    return values | changes


def test_a_schedule_is_made_and_its_page_says_when_it_runs(ours, client):
    sent = client.post(pages.adding(Schedule), schedule_values(ours), follow=True)
    made = Schedule.objects.get(name="Nightly")
    text = sent.content.decode()
    assert made.secret_reference == {"provider": "local", "vaultUri": "local://default", "secretName": "payroll"}
    assert made.created_by == ours.person.email
    assert "At 02:00, every day" in text
    assert "Next 5 runs" in text
    assert text.count("02:00 (C") == 5


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cron_expression": "every day"}, "cron_expression"),
        ({"input_data": '{"a": "{{now}}"}'}, "input_data"),
        ({"input_data": "not json"}, "input_data"),
        ({"overlap_limit": "3"}, "overlap_limit"),
        ({"name": "harbour schedule"}, "name"),
        ({"secret_name": "../up"}, "secret_name"),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field(ours, client, changes, field):
    response = client.post(pages.adding(Schedule), schedule_values(ours, **changes))
    assert response.status_code == 422
    assert response.context["form"].errors[field]


def test_a_schedule_is_edited(ours, client):
    vaults.ensure_default()
    address = pages.command(ours.schedule, "edit")
    page = client.get(address)
    form = page.context["form"]
    assert form.initial["secret_name"] == "payroll"
    values = schedule_values(ours, name="harbour schedule", cron_expression="*/5 * * * *", seen=page.context["seen"])
    assert client.post(address, values).status_code == 302
    ours.schedule.refresh_from_db()
    assert ours.schedule.cron_expression == "*/5 * * * *"


def test_pause_resume_and_delete(ours, client):
    client.post(pages.command(ours.schedule, "pause"), {"reason": "Year end"})
    ours.schedule.refresh_from_db()
    assert (ours.schedule.is_enabled, ours.schedule.paused_reason) == (False, "Year end")
    assert "Year end" in client.get(pages.page(ours.schedule)).content.decode()
    client.post(pages.command(ours.schedule, "resume"), {})
    ours.schedule.refresh_from_db()
    assert ours.schedule.is_enabled
    client.post(pages.command(ours.schedule, "remove"), {"reason": "Over"})
    assert client.get(pages.page(ours.schedule)).status_code == 404
    assert client.get(pages.page(ours.run)).status_code == 200


def test_run_now_makes_a_run_and_tells_the_queue(ours, client, rung, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        sent = client.post(pages.command(ours.schedule, "run-now"), {"reason": "Asked by finance"})
    run = ScheduleRun.objects.get(trigger="manual")
    assert sent["Location"] == pages.page(run)
    assert (run.requested_by, run.request_reason) == (ours.person.email, "Asked by finance")
    assert rung == [run.pk]


def test_an_analyst_operates_what_is_theirs_and_nothing_else(ours):
    analyst = people.person(of=ours.tenant, role=PortalRole.ANALYST)
    client = pages.signed_in(analyst)
    assert client.post(pages.command(ours.schedule, "pause"), {}).status_code == 403
    Schedule.objects.filter(pk=ours.schedule.pk).update(owner=analyst)
    assert [way.label for way in client.get(pages.page(ours.schedule)).context["ways"]] == [
        "Run now",
        "Preflight",
        "Pause",
    ]
    assert client.post(pages.command(ours.schedule, "pause"), {}).status_code == 302
    assert client.post(pages.command(ours.schedule, "remove"), {"reason": "x"}).status_code == 403


def test_a_team_member_operates_the_teams_schedule(ours):
    analyst = people.person(of=ours.tenant, role=PortalRole.ANALYST)
    ours.team.members.add(analyst)
    Schedule.objects.filter(pk=ours.schedule.pk).update(owner_team=ours.team)
    assert pages.signed_in(analyst).post(pages.command(ours.schedule, "pause"), {}).status_code == 302


def test_an_open_run_is_cancelled_and_an_ended_one_is_not(ours, client):
    open_run = runs.run(ours.schedule)
    client.post(pages.command(open_run, "cancel"), {"reason": "Wrong month"})
    open_run.refresh_from_db()
    assert open_run.state == RunState.CANCELLED
    sent = client.post(pages.command(ours.run, "cancel"), {}, follow=True)
    assert "not possible any more" in sent.content.decode()


def test_a_run_tells_who_acted_what_was_decided_and_with_which_token(ours, client):
    at = timezone.now()
    RunStep.objects.create(
        run=ours.run, sequence=3, name="guard", kind="guard", state=StepState.REFUSED, started_at=at,
        finished_at=at + timedelta(milliseconds=40),
        detail={"outcome": "deny", "decisionReason": "Not at night", "policyIds": ["no-nights"]},
    )  # fmt: skip
    RunStep.objects.create(
        run=ours.run, sequence=5, name="post", kind="http_call", attempt=2, state=StepState.FAILED, started_at=at,
        finished_at=at,
        detail={"identity": "writer-bot", "clientId": "mi_w", "reason": "HTTP 500", "status": 500,
                "code": "node_failed",
                "token": {"jti": "abcdef12-9", "expiresAt": at.isoformat(), "renewed": True}},
        output={"status": 500, "headers": {"x": "hidden-header"}, "body": "oops"},
    )  # fmt: skip
    text = client.get(pages.page(ours.run)).content.decode()
    for said in (
        "Refused: Not at night (rule no-nights)",
        "40 ms",
        "writer-bot",
        "abcdef12…",
        "renewed",
        "attempt 2",
        "HTTP 500",
        "oops",
    ):
        assert said in text, said
    assert "hidden-header" not in text


def waiting_run(ours, **changes):
    at = timezone.now()
    run = runs.run(ours.schedule, state=RunState.DUE, started_at=at, scheduled_for=at, **changes)
    RunStep.objects.create(
        run=run, sequence=0, name="breathe", kind="wait", state=StepState.WAITING, started_at=at,
        detail={"reason": "The node asked to be called again later", "until": "2030-01-02T03:04:05.678901Z"},
    )  # fmt: skip
    return run


def test_a_run_that_waits_says_so_and_until_when(ours, client):
    run = waiting_run(ours, reason="The node asked to be called again later")
    text = client.get(pages.page(run)).content.decode()
    assert "This run is waiting." in text
    assert f"{run.available_at:%Y-%m-%d %H:%M:%S} UTC" in text
    assert "2030-01-02 03:04:05 UTC" in text
    assert "678901" not in text.replace('datetime="2030-01-02T03:04:05.678901+00:00"', "")
    assert ">due<" not in text
    assert ">waiting<" in client.get(pages.listing(ScheduleRun)).content.decode()


def test_a_step_that_waited_when_its_run_ended_waits_no_more(ours, client):
    run = waiting_run(ours)
    ScheduleRun.objects.filter(pk=run.pk).update(state=RunState.REFUSED, code="identity_disabled", status=403)
    text = client.get(pages.page(run)).content.decode()
    assert "broken off" in text
    assert ">waiting<" not in text
    assert "Status 403" in text


def test_the_page_of_a_run_that_could_not_act_says_why(ours, client):
    last = pages.ended_run(ours.schedule, state=RunState.FAILED, code="secret_unresolved", reason="The secret is gone")
    assert "The secret is gone" in client.get(pages.page(last)).content.decode()


def test_a_schedule_of_an_identity_that_is_gone_says_so(ours, client):
    lost = runs.schedule(running=ours.workflow, name="lost")
    assert "Its identity is not found" in client.get(pages.page(lost)).content.decode()
    assert "not found" in client.get(pages.listing(Schedule)).content.decode()


def test_a_workflow_is_made_changed_and_drawn(ours, client):
    nodes = [
        {"id": "first", "kind": "log", "params": {"message": "a"}},
        {"id": "second", "kind": "log", "params": {"message": "b"}, "after": ["first"]},
    ]
    values = {
        "key": "wf-new",
        "name": "New",
        "nodes": json.dumps(nodes),
        "allowed_hosts": "api.example.com\nb.example.com:8443",
    }
    assert client.post(pages.adding(Workflow), values).status_code == 302
    made = Workflow.objects.get(key="wf-new")
    assert made.allowed_hosts == ["api.example.com", "b.example.com:8443"]
    page = client.get(pages.page(made))
    drawn = page.context["blocks"][0]
    assert [[box.key for box in rank] for rank in drawn.ranks] == [["first"], ["second"]]
    assert [(each.arrow.start, each.arrow.end) for each in drawn.drawn] == [("first", "second")]
    edit = pages.command(made, "edit")
    seen = client.get(edit).context["seen"]
    client.post(edit, {**values, "name": "Newer", "resource_policy": pages.POLICY, "seen": seen})
    made.refresh_from_db()
    assert (made.version, made.name, made.resource_policy.text) == (2, "Newer", pages.POLICY)
    assert "Version 2" in client.get(pages.page(made, "versions")).content.decode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"nodes": '[{"id": "a", "kind": "teleport"}]'}, "nodes"),
        ({"nodes": "["}, "nodes"),
        ({"key": "wf-harbour"}, "key"),
        ({"resource_policy": "forbid (nobody);"}, "resource_policy"),
        ({"allowed_hosts": "http://x/y"}, "allowed_hosts"),
    ],
)
def test_a_workflow_that_cannot_run_is_refused_where_it_is_wrong(ours, client, changes, field):
    values = {
        "key": "wf-new",
        "name": "New",
        "nodes": '[{"id": "a", "kind": "log", "params": {"message": "a"}}]',
        "allowed_hosts": "",
    }
    response = client.post(pages.adding(Workflow), values | changes)
    assert response.status_code == 422
    assert response.context["form"].errors[field]


@pytest.mark.parametrize(("text", "said"), [('[{"id": "a"', "line 1, column 12"), ("[" * 100_000, "Not JSON")])
def test_nodes_that_are_no_json_are_told_where_they_stop_being_it(ours, client, text, said):
    response = client.post(pages.adding(Workflow), {"key": "wf-new", "name": "New", "nodes": text})
    assert response.status_code == 422
    assert said in response.context["form"].errors["nodes"][0]


def test_the_form_of_a_workflow_says_what_each_kind_of_node_does(client):
    text = client.get(pages.adding(Workflow)).content.decode()
    assert "wait (seconds*): Done seconds after the step was first tried" in text


def test_a_workflow_that_is_used_is_not_deleted(ours, client):
    assert client.post(pages.command(ours.workflow, "remove"), {"reason": "x"}).status_code == 422


def test_the_overview_counts_the_day_by_outcome(ours, client):
    pages.ended_run(ours.schedule, state=RunState.SUCCEEDED)
    response = client.get("/admin/")
    figures = {figure.label: figure.value for figure in response.context["figures"]}
    assert figures["Runs in 24 hours"] == 2
    assert figures["Refused or failed"] == 1
    assert "harbour went wrong" in response.content.decode()
    assert "harbour schedule" in response.content.decode()


def test_everything_pressed_here_is_on_record_in_the_persons_name(ours, client):
    client.post(pages.command(ours.schedule, "pause"), {"reason": "x"})
    event = AuditEvent.objects.get(type="schedule.paused")
    assert (event.actor_kind, event.actor_id) == ("person", str(ours.person.pk))
