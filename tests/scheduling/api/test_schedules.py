"""/flowstudio/api/schedules: document 1 verbatim, every refusal by its member, and who may do what."""

import sys
from uuid import uuid4

import pytest

from audit.models import AuditEvent
from identities.credentials import secret_format
from identities.people.models import PortalRole
from scheduling.models import Schedule
from tests.factories import register
from tests.scheduling.api.conftest import REFERENCE, SCHEDULES, WORKFLOWS

pytestmark = pytest.mark.django_db
ALL_ROLES = list(PortalRole)


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.ANALYST, PortalRole.AUDITOR])
def test_only_an_admin_creates_changes_and_removes(house, role):
    one = f"{SCHEDULES}/{house.schedule()['id']}"
    client = house.as_(role)
    assert client.post(SCHEDULES, house.body(name="Another"), format="json").status_code == 403
    assert client.patch(one, {"name": "Another"}, format="json").status_code == 403
    assert client.delete(one).status_code == 403
    assert client.get(one).json()["name"] == "Monthly Payroll Run"


def test_document_1_is_taken_verbatim_and_answered_with_the_next_run(house):
    answer = house.as_().post(SCHEDULES, house.body(), format="json")
    assert answer.status_code == 201, answer.content
    shown = answer.json()
    assert {name: shown[name] for name in house.body()} == house.body()
    assert shown["nextRunAt"].endswith("25T06:00:00Z")
    assert (shown["isEnabled"], shown["isBuiltIn"]) == (True, False)
    assert (shown["misfirePolicy"], shown["overlapPolicy"], shown["jitterSeconds"]) == ("run_once", "skip", 0)
    assert (shown["approval"], shown["owner"], shown["ownerTeam"], shown["overlapLimit"]) == (None,) * 4
    event = AuditEvent.objects.get(type="schedule.created")
    assert event.subject_id == shown["id"]


def test_every_written_member_is_kept(house):
    owner, team = house.person(PortalRole.ANALYST), register.team(house.tenant)
    shown = house.schedule(
        owner=owner.email.upper(),
        ownerTeam=team.name,
        misfirePolicy="run_all",
        overlapPolicy="allow",
        overlapLimit=3,
        jitterSeconds=300,
    )
    assert shown["owner"] == {"id": str(owner.pk), "label": owner.email}
    assert shown["ownerTeam"] == {"id": str(team.pk), "label": team.name}
    assert (shown["misfirePolicy"], shown["overlapPolicy"], shown["overlapLimit"]) == ("run_all", "allow", 3)


@pytest.mark.parametrize(
    ("changes", "member"),
    [
        ({"workflowId": "wf-nobody-made"}, "workflowId"),
        ({"managedIdentityId": "mi-guid-1234"}, "managedIdentityId"),
        ({"managedIdentityId": str(uuid4())}, "managedIdentityId"),
        ({"managedIdentityId": None}, "managedIdentityId"),
        ({"cronExpression": "0 6 25 *"}, "cronExpression"),
        ({"cronExpression": "0 0 6 25 * *"}, "cronExpression"),
        ({"cronExpression": "61 6 25 * *"}, "cronExpression"),
        ({"cronExpression": "0 0 30 2 *"}, "cronExpression"),
        ({"cronExpression": "? * * * *"}, "cronExpression"),
        ({"cronExpression": "* " * 200}, "cronExpression"),
        ({"cronExpression": ""}, "cronExpression"),
        ({"timezone": "+02:00"}, "timezone"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"inputData": {"m": "{{schedule.triggerHour}}"}}, "inputData"),
        ({"inputData": {"m": "{{input.x}}"}}, "inputData"),
        ({"inputData": {"m": "{{7*7}}"}}, "inputData"),
        ({"inputData": {"m": "{{"}}, "inputData"),
        ({"inputData": "text"}, "inputData"),
        ({"inputData": {"m": "x" * 70_000}}, "inputData"),
        ({"retryPolicy": {"maxAttempts": 11, "backoffSeconds": 1}}, "retryPolicy.maxAttempts"),
        ({"retryPolicy": {"maxAttempts": 0, "backoffSeconds": 1}}, "retryPolicy.maxAttempts"),
        ({"retryPolicy": {"maxAttempts": 1, "backoffSeconds": 0}}, "retryPolicy.backoffSeconds"),
        ({"retryPolicy": {"maxAttempts": 1, "delay": 3}}, "retryPolicy.delay"),
        ({"secretReference": {**REFERENCE, "provider": "azure-key-vault"}}, "secretReference.vaultUri"),
        ({"secretReference": {**REFERENCE, "provider": "post-it"}}, "secretReference.provider"),
        ({"secretReference": {**REFERENCE, "vaultUri": "https://vault.example/"}}, "secretReference"),
        ({"secretReference": {**REFERENCE, "vaultUri": "local://other"}}, "secretReference.vaultUri"),
        ({"secretReference": {**REFERENCE, "secretName": "../other"}}, "secretReference.secretName"),
        ({"secretReference": {**REFERENCE, "clientSecret": "x"}}, "secretReference.clientSecret"),
        ({"secretReference": {}}, "secretReference.provider"),
        ({"secretReference": "payroll"}, "secretReference"),
        ({"owner": "nobody@example.com"}, "owner"),
        ({"ownerTeam": "No such team"}, "ownerTeam"),
        ({"misfirePolicy": "maybe"}, "misfirePolicy"),
        ({"overlapPolicy": "maybe"}, "overlapPolicy"),
        ({"overlapLimit": 2}, "overlapLimit"),
        ({"overlapPolicy": "allow", "overlapLimit": 0}, "overlapLimit"),
        ({"jitterSeconds": 301}, "jitterSeconds"),
        ({"jitterSeconds": -1}, "jitterSeconds"),
        ({"name": " "}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"isEnabled": False}, "isEnabled"),
        ({"nextRunAt": "2026-01-01T00:00:00Z"}, "nextRunAt"),
        ({"approval": "approved"}, "approval"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_does_not_fit_is_a_400_that_names_the_member(house, changes, member):
    answer = house.as_().post(SCHEDULES, house.body(**changes), format="json")
    assert answer.status_code == 400, answer.content
    assert any(found.startswith(member) for found in answer.json()["errors"]), answer.json()
    assert not Schedule.objects.exists()


def test_an_unknown_provider_is_told_apart_from_one_that_is_not_installed(house, monkeypatch):
    monkeypatch.setitem(sys.modules, "boto3", None)
    uri = "https://secretsmanager.eu-central-1.amazonaws.com"
    reference = {"provider": "aws-secrets-manager", "vaultUri": uri, "secretName": "s"}
    answer = house.as_().post(SCHEDULES, house.body(secretReference=reference), format="json")
    said = "provider not installed: pip install 'steward[aws]'"
    assert said in answer.json()["errors"]["secretReference.provider"]


def test_a_client_secret_is_taken_nowhere_and_kept_nowhere(house):
    secret = secret_format.generate("production")
    reference = {**house.body()["secretReference"], "secretName": secret}
    for member, value in (("inputData", {"deep": [f"key={secret}"]}), ("secretReference", reference)):
        answer = house.as_().post(SCHEDULES, house.body(**{member: value}), format="json")
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [member])
        assert secret not in answer.content.decode()
    node = {"id": "a", "kind": "log", "params": {"message": secret}}
    workflow = {"id": "wf-leak", "name": "Leak", "nodes": [node]}
    answer = house.as_().post(WORKFLOWS, workflow, format="json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["nodes"])
    assert secret not in answer.content.decode()


@pytest.mark.parametrize("member", ["managedIdentityId", "workflowId", "owner", "ownerTeam"])
def test_what_belongs_to_another_tenant_looks_like_what_is_not_there(house, member):
    elsewhere = register.tenant()
    stranger = register.person(elsewhere)
    foreign = {
        "managedIdentityId": str(register.identity(elsewhere).pk),
        "workflowId": "wf-elsewhere",
        "owner": stranger.email,
        "ownerTeam": str(register.team(elsewhere).pk),
    }
    answer = house.as_().post(SCHEDULES, house.body(**{member: foreign[member]}), format="json")
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [member]


def test_a_name_is_taken_until_its_schedule_is_removed(house):
    first = house.schedule()
    assert "name" in house.as_().post(SCHEDULES, house.body(), format="json").json()["errors"]
    assert house.as_().delete(f"{SCHEDULES}/{first['id']}").status_code == 204
    house.schedule()


def test_input_must_fit_what_the_workflow_says_of_it(house):
    schema = {"type": "object", "properties": {"payrollMonth": {"pattern": "^[0-9]{4}-[0-9]{2}$"}}}
    house.as_().patch("/flowstudio/api/workflows/wf-monthly-payroll", {"inputSchema": schema}, format="json")
    answer = house.as_().post(SCHEDULES, house.body(inputData={"payrollMonth": "{{schedule.name}}"}), format="json")
    assert "inputData" in answer.json()["errors"]
    house.schedule()


def test_a_tenant_has_no_more_schedules_than_it_may(house, settings):
    settings.SCHEDULES_PER_TENANT = 1
    house.schedule()
    answer = house.as_().post(SCHEDULES, house.body(name="Second"), format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_schedules")


@pytest.mark.parametrize("role", ALL_ROLES)
def test_unknown_and_foreign_ids_are_the_same_404(house, role):
    foreign = house.schedule()["id"]
    stranger = register.client_of(register.person(register.tenant(), role))
    calls = [
        ("get", ""),
        ("patch", ""),
        ("delete", ""),
        ("post", "/pause"),
        ("post", "/resume"),
        ("post", "/runNow"),
        ("get", "/preview"),
    ]
    for method, tail in calls:
        answers = [
            getattr(stranger, method)(f"{SCHEDULES}/{id_}{tail}", *([{}] if method != "get" else []), format="json")
            for id_ in (foreign, uuid4())
        ]
        if role is PortalRole.AUDITOR and (method, tail) == ("get", ""):
            assert [answer.status_code for answer in answers] == [200, 404]
            continue
        bodies = [{**answer.json(), "correlationId": None} for answer in answers]
        assert answers[0].status_code in (403, 404)
        assert answers[0].status_code == answers[1].status_code
        assert bodies[0] == bodies[1]


def test_a_path_that_is_no_id_is_a_404_in_the_same_shape(house):
    answer = house.as_().get(f"{SCHEDULES}/not-an-id")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


def test_a_change_of_the_rhythm_counts_from_now_and_other_changes_leave_it(house):
    shown = house.schedule()
    one = f"{SCHEDULES}/{shown['id']}"
    renamed = house.as_().patch(one, {"name": "Renamed", "retryPolicy": {"maxAttempts": 5}}, format="json").json()
    assert renamed["nextRunAt"] == shown["nextRunAt"]
    assert renamed["retryPolicy"] == {"maxAttempts": 5, "backoffSeconds": 60}
    moved = house.as_().patch(one, {"cronExpression": "30 7 25 * *"}, format="json").json()
    assert moved["nextRunAt"].endswith("T07:30:00Z")
    assert AuditEvent.objects.filter(type="schedule.changed").count() == 2


@pytest.mark.parametrize(
    "changes",
    [{"isEnabled": False}, {"isBuiltIn": True}, {"id": str(uuid4())}, {"nextRunAt": None}, {"tenantId": str(uuid4())}],
)
def test_what_is_computed_or_commanded_cannot_be_written(house, changes):
    one = f"{SCHEDULES}/{house.schedule()['id']}"
    assert house.as_().patch(one, changes, format="json").status_code == 400


def test_pause_and_resume_say_who_and_why_and_keep_the_occurrence(house):
    shown = house.schedule()
    one = f"{SCHEDULES}/{shown['id']}"
    paused = house.as_().post(f"{one}/pause", {"reason": "Audit week"}, format="json").json()
    assert (paused["isEnabled"], paused["nextRunAt"], paused["pausedReason"]) == (False, None, "Audit week")
    assert paused["pausedBy"].endswith("@example.com")
    assert house.as_().post(f"{one}/pause").status_code == 200
    resumed = house.as_().post(f"{one}/resume").json()
    assert (resumed["isEnabled"], resumed["nextRunAt"], resumed["pausedBy"]) == (True, shown["nextRunAt"], "")
    assert [event.type for event in AuditEvent.objects.filter(subject_id=shown["id"]).order_by("id")] == [
        "schedule.created",
        "schedule.paused",
        "schedule.resumed",
    ]


def test_an_analyst_operates_what_is_their_own_and_nothing_else(house, rung):
    analyst, mate = house.person(PortalRole.ANALYST), house.person(PortalRole.ANALYST)
    owned = house.schedule(name="Owned", owner=analyst.email)["id"]
    shared = house.schedule(name="Shared", ownerTeam=register.team(house.tenant, analyst).name)["id"]
    others = house.schedule(name="Other's", owner=mate.email)["id"]
    client = register.client_of(analyst)
    for tail in ("pause", "resume", "runNow"):
        assert client.post(f"{SCHEDULES}/{owned}/{tail}").status_code in (200, 202)
        assert client.post(f"{SCHEDULES}/{shared}/{tail}").status_code in (200, 202)
        assert client.post(f"{SCHEDULES}/{others}/{tail}").status_code == 403
    assert client.get(f"{SCHEDULES}/{owned}/preview").status_code == 200
    assert client.get(f"{SCHEDULES}/{others}/preview").status_code == 403


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.AUDITOR])
def test_who_only_reads_operates_nothing(house, role):
    one = f"{SCHEDULES}/{house.schedule()['id']}"
    client = house.as_(role)
    assert [client.post(f"{one}/{tail}").status_code for tail in ("pause", "resume", "runNow")] == [403] * 3
    assert client.get(f"{one}/preview").status_code == 403


def test_a_machine_needs_the_permission_and_may_schedule_only_itself(house):
    bot = house.identity
    refused = register.client_of_machine(bot, "schedule.read").post(SCHEDULES, house.body(), format="json")
    assert refused.status_code == 403
    assert 'error="insufficient_scope"' in refused["WWW-Authenticate"]
    writer = register.client_of_machine(bot, "schedule.write", "schedule.read")
    other = register.identity(house.tenant)
    stronger = writer.post(SCHEDULES, house.body(managedIdentityId=str(other.pk)), format="json")
    assert stronger.status_code == 403
    made = writer.post(SCHEDULES, house.body(), format="json")
    assert made.status_code == 201
    one = f"{SCHEDULES}/{made.json()['id']}"
    assert writer.patch(one, {"managedIdentityId": str(other.pk)}, format="json").status_code == 403
    others = house.schedule(name="Other's", managedIdentityId=str(other.pk))["id"]
    assert writer.patch(f"{SCHEDULES}/{others}", {"name": "Mine"}, format="json").status_code == 403
    assert writer.delete(f"{SCHEDULES}/{others}").status_code == 403


def test_an_auditor_sees_every_tenant_and_others_their_own(house):
    house.schedule()
    elsewhere = register.tenant()
    assert len(house.as_(PortalRole.READ_ONLY).get(SCHEDULES).json()["results"]) == 1
    assert register.client_of(register.person(elsewhere)).get(SCHEDULES).json()["results"] == []
    auditor = register.client_of(register.person(elsewhere, PortalRole.AUDITOR))
    assert len(auditor.get(SCHEDULES).json()["results"]) == 1


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["B", "A"]),
        ("?ordering=name", ["A", "B"]),
        ("?name=a", ["A"]),
        ("?workflowId=wf-monthly-payroll", ["B", "A"]),
        ("?workflowId=other", []),
        ("?isEnabled=false", ["B"]),
        ("?pageSize=1", ["B"]),
    ],
)
def test_the_list_is_filtered_and_ordered_by_what_is_allowed(house, query, names):
    house.schedule(name="A")
    second = house.schedule(name="B")["id"]
    house.as_().post(f"{SCHEDULES}/{second}/pause")
    assert [row["name"] for row in house.as_().get(SCHEDULES + query).json()["results"]] == names


@pytest.mark.parametrize("query", ["?ordering=owner__password", "?colour=red", "?pageSize=201", "?isEnabled=x"])
def test_other_filters_and_orderings_are_refused(house, query):
    assert house.as_().get(SCHEDULES + query).status_code == 400


def test_a_list_costs_the_same_whatever_its_length(house, django_assert_num_queries):
    owner, team = house.person(), register.team(house.tenant)
    client = house.as_()
    for number in range(3):
        house.schedule(name=f"S{number}", owner=owner.email, ownerTeam=team.name)
    with django_assert_num_queries(1):
        assert len(client.get(SCHEDULES).json()["results"]) == 3


def test_a_removed_schedule_is_gone_and_its_runs_stay(house, rung):
    one = f"{SCHEDULES}/{house.schedule()['id']}"
    run_id = house.as_().post(f"{one}/runNow").json()["runId"]
    assert house.as_().delete(one).status_code == 204
    assert house.as_().get(one).status_code == 404
    assert house.as_().delete(one).status_code == 404
    assert house.as_().get(f"/flowstudio/api/runs/{run_id}").status_code == 200
