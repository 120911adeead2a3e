"""The whole record by the API: what is refused, what is asked for, what is read back."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from identities.people.models import Tenant, User
from tests.factories import register

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


WHOLE: dict[str, Any] = {
    "description": "Pays people.",
    "kind": "cron_job",
    "issuance": "federated",
    "ownershipClass": "workload",
    "function": "sync",
    "trustBoundary": "regulated_data",
    "blastRadius": "write_limited",
    "privilegeLevel": "medium",
    "dataClassification": "confidential",
    "businessCriticality": "critical",
    "internetExposed": True,
    "customerFacing": True,
    "riskTier": "high",
    "authMethod": "federated",
    "protocols": ["https", "mcp"],
    "upstreamTrustSource": "https://token.example.com subject=repo:acme/payroll",
    "upstreamDependencies": ["hr database"],
    "downstreamSystems": ["bank gateway"],
    "downstreamPermissions": ["payments:create"],
    "deprovisioningTrigger": "The contract with the bank ends.",
    "revocationProcedure": "Ask the bank's desk.",
    "revocationTestedAt": "2026-01-31T10:00:00Z",
    "disableStrategy": "staged",
    "rotationIntervalDays": 20,
    "expectedCadence": "monthly",
    "expiresAt": "2099-01-01T00:00:00Z",
    "reviewBy": "2098-12-01",
    "ticket": "OPS-1",
    "repository": "acme/payroll",
    "businessUnit": "Finance",
    "application": "Payroll",
    "vendorContract": "C-17",
    "vendorRenewalOn": "2098-01-01",
    "tags": {"team": "pay"},
}


def test_every_member_is_written_and_read_back_on_create_and_by_patch(tenant: Tenant, api: APIClient) -> None:
    made = post(api, "identities", {**BODY, **WHOLE})
    assert made.status_code == 201, made.json()
    assert {member: made.json()[member] for member in WHOLE} == WHOLE
    other = register.identity(tenant)
    changed = api.patch(f"/api/identities/{other.pk}", WHOLE, format="json")
    assert {member: changed.json()[member] for member in WHOLE} == WHOLE
    assert WHOLE.keys() <= changed.json()["provenance"].keys()


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("function", "dance"),
        ("trustBoundary", "moon"),
        ("blastRadius", 7),
        ("privilegeLevel", "huge"),
        ("businessCriticality", "some"),
        ("authMethod", "smile"),
        ("authMethod", None),
        ("disableStrategy", "later"),
        ("protocols", "https"),
        ("protocols", [7]),
        ("downstreamPermissions", ["bell\u0007"]),
        ("downstreamSystems", ["x" * 401]),
        ("upstreamDependencies", ["x"] * 10 + [str(number) for number in range(201)]),
        ("expectedCadence", "now and then"),
        ("vendorRenewalOn", "soon"),
        ("expiresAt", "9999-12-31T00:00:00Z"),
        ("reviewBy", "9999-12-31"),
        ("triage", "green"),
        ("completeness", 100),
        ("riskTierSuggested", "low"),
        ("provenance", {}),
        ("rotateBy", "2099-01-01T00:00:00Z"),
        ("lastUsedAt", "2026-01-01T00:00:00Z"),
    ],
)
def test_a_value_that_does_not_fit_is_named_on_create_and_by_patch(
    tenant: Tenant, api: APIClient, member: str, value: Any
) -> None:
    refused = post(api, "identities", {**BODY, member: value})
    assert refused.status_code == 400, refused.json()
    assert any(name.startswith(member) for name in refused.json()["errors"])
    there = register.identity(tenant)
    assert api.patch(f"/api/identities/{there.pk}", {member: value}, format="json").status_code == 400


def test_a_closed_list_that_may_be_silent_is_emptied_by_null(tenant: Tenant, api: APIClient) -> None:
    made = register.identity(tenant, function="sync", blast_radius="privileged")
    changed = api.patch(f"/api/identities/{made.pk}", {"function": None, "blastRadius": ""}, format="json").json()
    assert (changed["function"], changed["blastRadius"]) == (None, None)


def test_a_way_that_the_policy_forbids_is_refused_with_those_it_allows(tenant: Tenant, api: APIClient) -> None:
    weak = {**BODY, "riskTier": "high", "authMethod": "static_api_key"}
    said = post(api, "identities", weak).json()["errors"]["authMethod"][0]
    assert "federated" in said
    assert "static_api_key" not in said
    shared = {**BODY, "riskTier": "low", "authMethod": "human_shared_admin"}
    assert "authMethod" in post(api, "identities", shared).json()["errors"]
    made = post(api, "identities", {**weak, "authMethod": "unknown"}).json()
    refused = api.patch(f"/api/identities/{made['id']}", {"authMethod": "password"}, format="json")
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["authMethod"])


def test_a_tier_may_be_raised_whatever_the_way(tenant: Tenant, api: APIClient) -> None:
    made = register.identity(tenant, auth_method="static_api_key")
    assert api.patch(f"/api/identities/{made.pk}", {"riskTier": "high"}, format="json").status_code == 200


def test_neither_an_end_nor_a_review_is_not_left(tenant: Tenant, api: APIClient) -> None:
    made = register.identity(tenant)
    refused = api.patch(f"/api/identities/{made.pk}", {"reviewBy": None}, format="json")
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["reviewBy"])
    end = {"reviewBy": None, "expiresAt": "2099-01-01T00:00:00Z"}
    assert api.patch(f"/api/identities/{made.pk}", end, format="json").status_code == 200


def test_an_imported_vendor_is_mended_member_by_member_and_enabled_when_whole(
    tenant: Tenant, api: APIClient, admin: User
) -> None:
    made = register.imported(tenant, name="crm", ownership_class="vendor")
    assert post(api, f"identities/{made.pk}/disable", {"reason": "Test"}).status_code == 200
    refused = post(api, f"identities/{made.pk}/enable", {"reason": "Test"})
    assert refused.status_code == 400
    assert refused.json()["errors"].keys() == {"businessOwner", "technicalOwner", "revocationProcedure"}
    mends: tuple[dict[str, Any], ...] = (
        {"businessOwner": admin.email},
        {"technicalOwner": admin.email},
        {"revocationProcedure": "Settings, then Revoke"},
    )
    for mend in mends:
        assert api.patch(f"/api/identities/{made.pk}", mend, format="json").status_code == 200
    enabled = post(api, f"identities/{made.pk}/enable", {"reason": "Test"}).json()
    assert enabled["isEnabled"]
    assert enabled["reviewBy"]
    assert enabled["provenance"]["reviewBy"]["origin"] == "derived"
    taken = api.patch(f"/api/identities/{made.pk}", {"technicalOwner": None}, format="json")
    assert list(taken.json()["errors"]) == ["technicalOwner"]


def test_what_an_import_left_open_is_null_and_says_what_it_does_know(tenant: Tenant, api: APIClient) -> None:
    made = register.imported(tenant, name="deploy", ticket="OPS-1")
    shown = api.get(f"/api/identities/{made.pk}").json()
    assert (shown["environment"], shown["purpose"], shown["function"], shown["reviewBy"]) == (None, None, None, None)
    assert shown["provenance"]["ticket"]["origin"] == "imported"
    assert shown["reportedBy"] == ["aws/1"]
    assert shown["triage"] == "red"
    assert "no_owner" in {reason["code"] for reason in shown["triageReasons"]}
    assert shown["completeness"] < 50


def test_what_is_filled_in_is_marked_and_a_tier_is_only_suggested(api: APIClient) -> None:
    made = post(api, "identities", {**BODY, "blastRadius": "privileged", "riskTier": "low"}).json()
    assert made["provenance"]["reviewBy"]["origin"] == "derived"
    assert made["provenance"]["name"]["origin"] == "edited"
    assert (made["riskTier"], made["riskTierSuggested"]) == ("low", "high")
    assert made["riskTierReason"]


def test_a_machine_does_not_widen_what_it_says_of_itself(tenant: Tenant) -> None:
    own = register.identity(tenant)
    writer = register.client_of_machine(own, "identity.write")
    moves = {
        "privilegeLevel": "low",
        "blastRadius": "read_only",
        "trustBoundary": "internal",
        "authMethod": "mtls",
        "disableStrategy": "immediate",
        "expectedCadence": "yearly",
    }
    for member, value in moves.items():
        refused = writer.patch(f"/api/identities/{own.pk}", {member: value}, format="json")
        assert refused.status_code == 403, member
        assert member in refused.json()["detail"]
