"""Routes of the register: who may, what comes in, what goes out."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from audit.models import AuditEvent
from identities.access.selectors import effective_permissions
from identities.credentials.secret_format import is_well_formed
from identities.inventory.models import ManagedIdentity
from identities.people.models import PortalRole, Tenant, User
from tests.factories import register, tokens

pytestmark = pytest.mark.django_db
BODY = {"name": "payroll-runner", "environment": "production", "purpose": "Runs payroll."}


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


@pytest.fixture
def admin(tenant: Tenant) -> User:
    return register.person(tenant)


@pytest.fixture
def api(admin: User) -> APIClient:
    return register.client_of(admin)


def post(api: APIClient, path: str, body: Any = None) -> Any:
    return api.post(f"/api/{path}", body if body is not None else {}, format="json")


# Refused


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.ANALYST, PortalRole.AUDITOR])
def test_only_an_admin_enters_or_changes(tenant: Tenant, role: PortalRole) -> None:
    api = register.client_of(register.person(tenant, role))
    made = register.identity(tenant)
    assert post(api, "identities", BODY).status_code == 403
    assert api.patch(f"/api/identities/{made.pk}", {"ticket": "x"}, format="json").status_code == 403
    assert api.delete(f"/api/identities/{made.pk}").status_code == 403
    for command in ("disable", "enable", "retire"):
        assert post(api, f"identities/{made.pk}/{command}", {"reason": "x"}).status_code == 403
    assert api.get(f"/api/identities/{made.pk}").status_code == 200


def test_a_new_identity_is_refused_everywhere(tenant: Tenant, api: APIClient) -> None:
    made = ManagedIdentity.objects.get(pk=post(api, "identities", BODY).json()["id"])
    machine = register.client_of_machine(made, *effective_permissions(made, timezone.now()))
    for path in ("identities", f"identities/{made.pk}", "audit/events", "roles", "policies", "vaultConnections"):
        refused = machine.get(f"/api/{path}")
        assert refused.status_code == 403, path
        assert refused.json()["code"] == "insufficient_scope"
    for path in ("identities", f"identities/{made.pk}/disable", f"identities/{made.pk}/credentials", "policies"):
        assert post(machine, path, {}).status_code == 403, path


def test_unknown_and_foreign_ids_look_alike(api: APIClient) -> None:
    foreign = register.identity(register.tenant())
    for path in ("", "/disable", "/enable", "/retire", "/credentials", "/dependencies", "/timeline"):
        method = api.post if path in ("/disable", "/enable", "/retire") else api.get
        answers = [
            method(f"/api/identities/{key}{path}", {"reason": "x"} if method == api.post else None, format="json")
            for key in (foreign.pk, uuid4())
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize(
    ("wrong", "member"),
    [
        ({"name": ""}, "name"),
        ({"environment": "moon"}, "environment"),
        ({"purpose": None}, "purpose"),
        ({"state": "active"}, "state"),
        ({"isEnabled": False}, "isEnabled"),
        ({"clientId": "mi_x"}, "clientId"),
        ({"roles": ["admin"]}, "roles"),
        ({"owner": "dana"}, "owner"),
        ({"business_owner": "dana"}, "businessOwner"),
        ({"businessOwner": str(uuid4())}, "businessOwner"),
        ({"businessOwner": 7}, "businessOwner"),
        ({"tenantId": str(uuid4())}, "tenantId"),
        ({"ownershipClass": "vendor"}, "revocationProcedure"),
        ({"tags": 7}, "tags"),
        ({"issueSecret": "maybe"}, "issueSecret"),
        ({"storeSecretAt": {"provider": "local"}}, "storeSecretAt.vaultUri"),
        (
            {"storeSecretAt": {"provider": "local", "vaultUri": "local://elsewhere", "secretName": "x"}},
            "storeSecretAt.vaultUri",
        ),
        (
            {
                "issueSecret": True,
                "storeSecretAt": {"provider": "local", "vaultUri": "local://default", "secretName": "x"},
            },
            "issueSecret",
        ),
    ],
)
def test_a_member_that_does_not_fit_is_named_and_nothing_is_made(
    api: APIClient, wrong: dict[str, Any], member: str
) -> None:
    refused = post(api, "identities", {**BODY, **wrong})
    assert refused.status_code == 400, refused.json()
    assert member in refused.json()["errors"]
    assert not ManagedIdentity.objects.exists()


def test_a_foreign_tenant_is_not_written_to_by_an_admin(api: APIClient) -> None:
    refused = post(api, "identities", {**BODY, "tenantId": str(register.tenant().pk)})
    assert refused.status_code == 400
    assert "tenantId" in refused.json()["errors"]


def test_a_command_without_a_reason_is_refused(tenant: Tenant, api: APIClient) -> None:
    made = register.identity(tenant)
    assert "reason" in post(api, f"identities/{made.pk}/disable").json()["errors"]
    assert ManagedIdentity.objects.get(pk=made.pk).is_enabled


def test_a_move_that_is_none_is_a_conflict(tenant: Tenant, api: APIClient) -> None:
    made = register.identity(tenant)
    refused = post(api, f"identities/{made.pk}/enable", {"reason": "x"})
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")


# Done


def test_entering_answers_what_is_agreed(api: APIClient, admin: User) -> None:
    made = post(
        api, "identities", {**BODY, "businessOwner": admin.email, "technicalOwner": "Ops desk", "tags": {"a": "b"}}
    )
    assert made.status_code == 201
    body = made.json()
    assert (body["kind"], body["issuance"], body["ownershipClass"], body["state"], body["isEnabled"]) == (
        "workload", "portal", "workload", "active", True,
    )  # fmt: skip
    assert body["businessOwner"] == {"id": str(admin.pk), "label": admin.email}
    assert body["technicalOwner"] == {"label": "Ops desk"}
    assert body["deputyOwner"] is None
    assert body["roles"] == []
    assert body["lastUsedAt"] is None
    assert body["reviewBy"]
    assert body["tags"] == {"a": "b"}
    assert "clientSecret" not in body


def test_a_secret_is_shown_once(api: APIClient) -> None:
    made = post(api, "identities", {**BODY, "issueSecret": True}).json()
    assert is_well_formed(made["clientSecret"])
    assert made["rotateBy"]
    assert made["lastRotatedAt"]
    for path in (f"identities/{made['id']}", "identities", f"identities/{made['id']}/credentials", "audit/events"):
        assert made["clientSecret"] not in api.get(f"/api/{path}").content.decode()


def test_a_platform_administrator_enters_in_another_tenant(tenant: Tenant) -> None:
    api = register.client_of(register.person(tenant, is_platform_admin=True))
    other = register.tenant()
    made = post(api, "identities", {**BODY, "tenantId": str(other.pk)}).json()
    assert made["tenantId"] == str(other.pk)
    assert api.get("/api/identities").json()["results"] == []
    assert len(api.get(f"/api/identities?tenantId={other.pk}").json()["results"]) == 1


def test_patch_changes_only_what_it_names(tenant: Tenant, api: APIClient) -> None:
    made = register.identity(tenant, name="payroll", ticket="OPS-1")
    changed = api.patch(f"/api/identities/{made.pk}", {"riskTier": "high", "ownerTeam": None}, format="json").json()
    assert (changed["riskTier"], changed["ticket"], changed["name"]) == ("high", "OPS-1", "payroll")


def test_disable_enable_and_retire_answer_the_object(tenant: Tenant, api: APIClient) -> None:
    made = register.identity(tenant)
    states = [
        post(api, f"identities/{made.pk}/{command}", {"reason": "Test"}).json()["state"]
        for command in ("disable", "enable", "retire")
    ]
    assert states == ["disabled", "active", "retired"]


def test_delete_retires_and_the_evidence_stays(tenant: Tenant, api: APIClient) -> None:
    made = register.identity(tenant)
    assert api.delete(f"/api/identities/{made.pk}").status_code == 204
    assert api.get(f"/api/identities/{made.pk}").json()["state"] == "retired"
    assert AuditEvent.objects.filter(type="identity.retired").exists()
    assert api.delete(f"/api/identities/{made.pk}").status_code == 409


def test_a_machine_with_the_permission_reads_its_own_tenant(tenant: Tenant) -> None:
    register.identity(register.tenant())
    made = register.identity(tenant)
    machine = register.client_of_machine(made, "identity.read")
    assert [row["id"] for row in machine.get("/api/identities").json()["results"]] == [str(made.pk)]


# Lists


def names(api: APIClient, query: str) -> list[str]:
    answer = api.get(f"/api/identities?ordering=name&{query}")
    assert answer.status_code == 200, answer.json()
    return [row["name"] for row in answer.json()["results"]]


def test_filters_find_what_they_say(tenant: Tenant, api: APIClient, admin: User) -> None:
    register.identity(tenant, name="a", environment="staging", business_owner=admin.email)
    register.identity(tenant, name="b", kind="bot", owner_team=register.team(tenant, admin).name, risk_tier="high")
    used = register.identity(tenant, name="c", purpose="Moves the moon")
    tokens.stop(used)
    ManagedIdentity.objects.filter(pk=used.pk).update(last_used_at=timezone.now())
    team = ManagedIdentity.objects.get(name="b").owner_team
    yesterday, tomorrow = ((timezone.now() + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ") for days in (-1, 1))
    assert team is not None
    for query, found in {
        "environment=staging": ["a"],
        "kind=bot": ["b"],
        "state=disabled": ["c"],
        "riskTier=high": ["b"],
        f"owner={admin.email}": ["a"],
        f"owner={admin.pk}": ["a"],
        f"ownerTeam={team.pk}": ["b"],
        f"ownerTeam={team.name}": ["b"],
        "q=MOON": ["c"],
        "neverUsed=true": ["a", "b"],
        "neverUsed=false": ["c"],
        f"lastUsedBefore={yesterday}": ["a", "b"],
        f"lastUsedBefore={tomorrow}": ["a", "b", "c"],
        "": ["a", "b", "c"],
    }.items():
        assert names(api, query) == found, query


@pytest.mark.parametrize(
    "query",
    [
        "state=gone",
        "colour=red",
        "ordering=purpose",
        "pageSize=201",
        "lastUsedBefore=soon",
        "tenantId=x",
        "state=active&state=paused",
    ],
)
def test_a_filter_nobody_knows_is_refused(api: APIClient, query: str) -> None:
    assert api.get(f"/api/identities?{query}").status_code == 400


def test_a_list_costs_the_same_however_long_it_is(
    tenant: Tenant, api: APIClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        bot = tokens.bot(of=tenant, permissions=("run.read",))
        bot.identity.owner_team = register.team(tenant)
        bot.identity.save()
    with django_assert_num_queries(2):
        answer = api.get("/api/identities")
    assert len(answer.json()["results"]) == 3


def test_pages_join_without_a_gap(tenant: Tenant, api: APIClient) -> None:
    for number in range(5):
        register.identity(tenant, name=f"n{number}")
    seen, url = [], "/api/identities?ordering=name&pageSize=2"
    while url:
        page = api.get(url).json()
        seen += [row["name"] for row in page["results"]]
        url = page["next"]
    assert seen == [f"n{number}" for number in range(5)]


def test_the_timeline_shows_what_happened_to_it(tenant: Tenant, api: APIClient) -> None:
    made = register.identity(tenant)
    post(api, f"identities/{made.pk}/disable", {"reason": "Test"})
    types = [row["type"] for row in api.get(f"/api/identities/{made.pk}/timeline").json()["results"]]
    assert {"identity.created", "identity.disabled"} <= set(types)


def test_dependencies_are_a_list(tenant: Tenant, api: APIClient) -> None:
    made = register.identity(tenant)
    assert api.get(f"/api/identities/{made.pk}/dependencies").json() == {"results": [], "disableStrategy": None}
    ManagedIdentity.objects.filter(pk=made.pk).update(downstream_systems=["Mail"], disable_strategy="staged")
    answer = api.get(f"/api/identities/{made.pk}/dependencies").json()
    assert answer["disableStrategy"] == "staged"
    (found,) = answer["results"]
    assert (found["kind"], found["label"], found["direction"], found["lastSeenAt"]) == (
        "system",
        "Mail",
        "downstream",
        None,
    )
    assert found["evidence"] == "Stated in the register"


def test_a_machine_that_enters_identities_makes_no_secret_without_that_permission(tenant: Tenant) -> None:
    caller = register.identity(tenant)
    at = {"provider": "local", "vaultUri": "local://default", "secretName": "payroll"}
    facts = {"name": "new-bot", "environment": "sandbox", "purpose": "tests"}
    writer = register.client_of_machine(caller, "identity.write")
    for more in ({"issueSecret": True}, {"storeSecretAt": at}):
        refused = post(writer, "identities", facts | more)
        assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert ManagedIdentity.objects.count() == 1
    assert post(writer, "identities", facts).status_code == 201
    both = register.client_of_machine(caller, "identity.write", "credential.rotate")
    assert post(both, "identities", facts | {"name": "other", "issueSecret": True}).json()["clientSecret"]


def test_a_machine_does_not_move_its_own_limits(tenant: Tenant) -> None:
    own, other = register.identity(tenant), register.identity(tenant)
    writer = register.client_of_machine(own, "identity.write")
    moves: list[dict[str, Any]] = [
        {"expiresAt": None},
        {"environment": "staging"},
        {"riskTier": "low"},
        {"rotationIntervalDays": 3650},
        {"reviewBy": "2099-01-01", "description": "harmless"},
    ]
    for move in moves:
        assert writer.patch(f"/api/identities/{own.pk}", move, format="json").status_code == 403
        assert writer.patch(f"/api/identities/{other.pk}", move, format="json").status_code == 200
    own.refresh_from_db()
    assert (own.environment, own.risk_tier, own.description) == ("production", "medium", "")
    assert writer.patch(f"/api/identities/{own.pk}", {"description": "harmless"}, format="json").status_code == 200
