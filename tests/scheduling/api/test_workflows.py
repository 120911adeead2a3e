"""/flowstudio/api/workflows: kept only when it can run, one version a change."""

import pytest

from audit.models import AuditEvent
from identities.people.models import PortalRole
from identities.policies.models import ResourcePolicy
from scheduling.api.examples import POLICY, SCHEDULE, WORKFLOW
from scheduling.models import Workflow, WorkflowVersion
from tests.factories import register, runs
from tests.scheduling.api.conftest import REFERENCE, SCHEDULES, WORKFLOWS

pytestmark = pytest.mark.django_db
LOG = {"id": "told", "kind": "log", "params": {"message": "hello"}}


def workflow(**changes):
    return {"id": "wf-1", "name": "One", "nodes": [LOG], **changes}


def post(client, **changes):
    return client.post(WORKFLOWS, workflow(**changes), format="json")


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.ANALYST, PortalRole.AUDITOR])
def test_only_an_admin_writes(house, role):
    client = house.as_(role)
    assert post(client).status_code == 403
    assert client.patch(f"{WORKFLOWS}/wf-monthly-payroll", {"name": "X"}, format="json").status_code == 403
    assert client.delete(f"{WORKFLOWS}/wf-monthly-payroll").status_code == 403
    assert client.get(f"{WORKFLOWS}/wf-monthly-payroll").status_code == 200


def test_a_machine_only_reads(house):
    reader = register.client_of_machine(house.identity, "schedule.read", "schedule.write")
    assert reader.get(WORKFLOWS).status_code == 200
    assert post(reader).status_code == 403


def test_a_workflow_is_kept_as_it_was_sent(house):
    house.as_().delete(f"{WORKFLOWS}/wf-monthly-payroll")
    sent = {**WORKFLOW, "resourcePolicy": POLICY}
    answer = house.as_().post(WORKFLOWS, sent, format="json")
    assert answer.status_code == 201, answer.content
    assert {name: answer.json()[name] for name in sent} == sent
    assert answer.json()["version"] == 1
    assert house.as_(PortalRole.READ_ONLY).get(f"{WORKFLOWS}/wf-monthly-payroll").json() == answer.json()
    kept = WorkflowVersion.objects.get(workflow__deleted_at=None)
    assert kept.definition == {**sent}


def test_the_documents_examples_hold_together(house):
    house.as_().delete(f"{WORKFLOWS}/wf-monthly-payroll")
    assert house.as_().post(WORKFLOWS, WORKFLOW, format="json").status_code == 201
    body = {**SCHEDULE, "managedIdentityId": str(house.identity.pk)}
    assert house.as_().post(SCHEDULES, body, format="json").status_code == 201


def node(**changes):
    return [{**LOG, **changes}]


STRICT = {"type": "object", "properties": {"month": {"type": "string"}}}


@pytest.mark.parametrize(
    ("changes", "member", "text"),
    [
        ({"id": "a b"}, "id", "letters"),
        ({"id": "../x"}, "id", "letters"),
        ({"id": "wf-monthly-payroll"}, "id", "has this id"),
        ({"name": ""}, "name", ""),
        ({"name": "a\nb"}, "name", "printable"),
        ({"nodes": []}, "nodes", "at least one"),
        ({"nodes": {}}, "nodes", "at least one"),
        ({"nodes": None}, "nodes", ""),
        ({"nodes": node(kind="shell")}, "nodes", "not known"),
        ({"nodes": node(id="guard")}, "nodes", "every run has"),
        ({"nodes": node(after=["told"])}, "nodes", "circle"),
        ({"nodes": node(after=["nobody"])}, "nodes", "no node here"),
        ({"nodes": [LOG, LOG]}, "nodes", "more than once"),
        ({"nodes": node(params={})}, "nodes", "'message' is a required property"),
        ({"nodes": node(params={"message": 3})}, "nodes", "message"),
        ({"nodes": node(params={"message": "x", "file": "y"})}, "nodes", "file"),
        ({"nodes": node(params={"message": "{{schedule.name}}"})}, "nodes", "not known here"),
        ({"nodes": node(params={"message": "{{steps.later.x}}"})}, "nodes", "does not come before"),
        ({"nodes": node(params={"message": "{{steps.told.x}}"})}, "nodes", "does not come before"),
        ({"nodes": node(params={"message": "{{input.x}}"}), "inputSchema": STRICT}, "nodes", "not declared"),
        ({"nodes": node(colour="red")}, "nodes", "colour"),
        ({"nodes": node(managedIdentityId="mi-1", secretReference=REFERENCE)}, "nodes", "managedIdentityId: Managed"),
        ({"nodes": node(secretReference=REFERENCE)}, "nodes", "go together"),
        ({"nodes": [{"id": "a", "kind": "http_call", "params": {"url": "file:///etc/passwd"}}]}, "nodes", "https://"),
        ({"nodes": [{"id": "a", "kind": "wait", "params": {"seconds": -1}}]}, "nodes", "minimum"),
        ({"allowedHosts": "pay.example"}, "allowedHosts", "list"),
        ({"allowedHosts": ["https://pay.example"]}, "allowedHosts", "not a host"),
        ({"allowedHosts": ["*.example"]}, "allowedHosts", "not a host"),
        ({"allowedHosts": ["0x7f.1"]}, "allowedHosts", "four decimal parts"),
        ({"inputSchema": {"type": "nonsense"}}, "inputSchema", "no JSON schema"),
        ({"inputSchema": {"$ref": "https://evil.example/schema"}}, "inputSchema", "outside"),
        ({"inputSchema": {"properties": {"a": {"$ref": "file:///etc/passwd"}}}}, "inputSchema", "outside"),
        ({"resourcePolicy": "permit everything"}, "resourcePolicy", ""),
        ({"version": 7}, "version", ""),
        ({"colour": "red"}, "colour", ""),
    ],
)
def test_what_cannot_run_is_a_400_that_names_the_member(house, changes, member, text):
    answer = post(house.as_(), **changes)
    assert answer.status_code == 400, answer.content
    assert list(answer.json()["errors"]) == [member]
    assert text in " ".join(answer.json()["errors"][member])
    assert Workflow.objects.count() == 1


def test_a_node_may_act_as_an_identity_of_its_own(house):
    writer = register.identity(house.tenant)
    own = node(managedIdentityId=str(writer.pk), secretReference=REFERENCE)
    assert post(house.as_(), nodes=own).json()["nodes"] == own
    stranger = register.identity(register.tenant())
    refused = post(house.as_(), id="wf-2", nodes=node(managedIdentityId=str(stranger.pk), secretReference=REFERENCE))
    assert refused.status_code == 400
    remote = {**REFERENCE, "provider": "azure-key-vault", "vaultUri": "https://v.vault.azure.net/"}  # not registered
    missing = post(house.as_(), id="wf-3", nodes=node(managedIdentityId=str(writer.pk), secretReference=remote))
    assert "no vault connection is registered" in str(missing.json()["errors"])


def test_names_may_speak_of_what_comes_before_and_of_what_the_schema_leaves_open(house):
    nodes = [
        {"id": "b", "kind": "log", "after": ["a"], "params": {"message": "{{steps.a.message}} {{input.month}}"}},
        {"id": "a", "kind": "log", "params": {"message": "{{input.month}}", "values": {"n": "{{input}}"}}},
    ]
    assert post(house.as_(), nodes=nodes, inputSchema=STRICT).status_code == 201


def test_each_change_makes_a_version_and_the_same_again_makes_none(house):
    post(house.as_())
    one = f"{WORKFLOWS}/wf-1"
    assert house.as_().patch(one, {"name": "Two"}, format="json").json()["version"] == 2
    assert house.as_().patch(one, {"name": "Two"}, format="json").json()["version"] == 2
    changed = house.as_().patch(one, {"allowedHosts": ["pay.example"]}, format="json").json()
    assert (changed["version"], changed["name"], changed["nodes"]) == (3, "Two", [LOG])
    versions = WorkflowVersion.objects.filter(workflow__key="wf-1").order_by("version")
    assert [kept.definition["name"] for kept in versions] == ["One", "Two", "Two"]
    assert AuditEvent.objects.filter(type="workflow.changed").count() == 2


def test_a_change_that_cannot_run_leaves_everything_as_it_was(house):
    post(house.as_())
    answer = house.as_().patch(f"{WORKFLOWS}/wf-1", {"nodes": [], "resourcePolicy": POLICY}, format="json")
    assert answer.status_code == 400
    assert Workflow.objects.get(key="wf-1").version == 1
    assert not ResourcePolicy.objects.exists()


def test_the_id_cannot_be_changed(house):
    post(house.as_())
    assert house.as_().patch(f"{WORKFLOWS}/wf-1", {"id": "wf-2"}, format="json").status_code == 400


def test_a_policy_comes_changes_and_goes_with_its_workflow(house):
    post(house.as_(), resourcePolicy=POLICY)
    one, policy = f"{WORKFLOWS}/wf-1", ResourcePolicy.objects.get()
    changed = POLICY.replace("sandbox", "staging")
    assert house.as_().patch(one, {"resourcePolicy": changed}, format="json").json()["resourcePolicy"] == changed
    assert ResourcePolicy.objects.get().pk == policy.pk
    gone = house.as_().patch(one, {"resourcePolicy": None}, format="json").json()
    assert (gone["resourcePolicy"], gone["version"]) == (None, 3)
    assert not ResourcePolicy.objects.exists()


def test_a_workflow_that_is_needed_is_not_removed(house):
    schedule = house.schedule()
    one = f"{WORKFLOWS}/wf-monthly-payroll"
    answer = house.as_().delete(one)
    assert (answer.status_code, answer.json()["code"]) == (409, "workflow_in_use")
    house.as_().delete(f"{SCHEDULES}/{schedule['id']}")
    assert house.as_().delete(one).status_code == 204
    assert house.as_().get(one).status_code == 404


def test_an_open_run_keeps_its_workflow(house):
    run = runs.run(runs.schedule(running=house.workflow))
    run.schedule.deleted_at, run.schedule.next_run_at = runs.NOON, None
    run.schedule.save()
    assert house.as_().delete(f"{WORKFLOWS}/wf-monthly-payroll").status_code == 409


def test_an_id_is_free_again_once_its_workflow_is_removed(house):
    post(house.as_(), resourcePolicy=POLICY)
    house.as_().delete(f"{WORKFLOWS}/wf-1")
    assert not ResourcePolicy.objects.exists()
    assert post(house.as_()).json()["version"] == 1


def test_ids_are_unique_in_a_tenant_and_tenants_see_only_their_own(house):
    stranger = register.client_of(register.person(register.tenant()))
    assert post(stranger, id="wf-monthly-payroll").status_code == 201
    assert [row["id"] for row in stranger.get(WORKFLOWS).json()["results"]] == ["wf-monthly-payroll"]
    assert stranger.get(f"{WORKFLOWS}/wf-monthly-payroll").json()["name"] == "One"
    assert stranger.get(f"{WORKFLOWS}/wf-nobody").status_code == 404


def test_the_list_costs_one_query(house, django_assert_num_queries):
    post(house.as_(), resourcePolicy=POLICY)
    client = house.as_()
    with django_assert_num_queries(1):
        assert len(client.get(WORKFLOWS).json()["results"]) == 2


def test_the_kinds_of_nodes_are_listed_with_their_schema(house):
    rows = house.as_(PortalRole.READ_ONLY).get("/flowstudio/api/nodeKinds").json()["results"]
    assert {"http_call", "log", "wait", "fail_if"} <= {row["kind"] for row in rows}
    assert all(row["params"]["type"] == "object" for row in rows)


def test_the_platform_administrator_governs_every_tenant_by_name(house):
    head = register.client_of(register.person(register.tenant(), is_platform_admin=True))
    theirs = {"tenantId": str(house.tenant.pk)}
    assert post(head, **theirs).status_code == 201
    assert post(head).status_code == 201
    assert [row["tenantId"] for row in head.get(f"{WORKFLOWS}?tenantId={house.tenant.pk}").json()["results"]] == [
        str(house.tenant.pk)
    ] * 2
    one = f"{WORKFLOWS}/wf-1"
    assert head.get(one).json()["tenantId"] != str(house.tenant.pk)
    assert head.get(f"{one}?tenantId={house.tenant.pk}").json()["tenantId"] == str(house.tenant.pk)
    made = head.post(SCHEDULES, {**house.body(), **theirs}, format="json")
    assert made.status_code == 201
    assert head.get(SCHEDULES).json()["results"] == []
    assert (
        house.as_()
        .post(SCHEDULES, {**house.body(name="X"), "tenantId": str(house.tenant.pk)}, format="json")
        .status_code
        == 201
    )


def test_an_admin_cannot_write_into_another_tenant(house):
    stranger = register.client_of(register.person(register.tenant()))
    answer = post(stranger, tenantId=str(house.tenant.pk))
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["tenantId"])
    assert stranger.get(f"{WORKFLOWS}/wf-monthly-payroll?tenantId={house.tenant.pk}").status_code == 400
