"""Routes of policies."""

from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from identities.people.models import PortalRole, Tenant
from tests.factories import register, runs
from tests.identities.policies.test_engine import NIGHT, WEEKEND

pytestmark = pytest.mark.django_db
BODY = {"name": "Rules", "text": WEEKEND}


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


@pytest.fixture
def api(tenant: Tenant) -> APIClient:
    return register.client_of(register.person(tenant))


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.ANALYST, PortalRole.AUDITOR])
def test_only_an_admin_keeps_or_tries_rules(tenant: Tenant, role: PortalRole) -> None:
    api = register.client_of(register.person(tenant, role))
    assert api.post("/api/policies", BODY, format="json").status_code == 403
    assert api.post("/api/policies/validate", {"text": WEEKEND}, format="json").status_code == 403
    assert api.get("/api/policies").status_code == 200


def test_rules_that_do_not_hold_are_refused_by_line(api: APIClient) -> None:
    refused = api.post("/api/policies", {**BODY, "text": WEEKEND + "\nforbid"}, format="json")
    assert refused.status_code == 400
    assert "the rule at line 2" in refused.json()["errors"]["text"][0]


def test_foreign_policies_look_like_none(api: APIClient) -> None:
    other = register.client_of(register.person(register.tenant()))
    foreign = other.post("/api/policies", BODY, format="json").json()["id"]
    for key in (foreign, uuid4()):
        assert api.get(f"/api/policies/{key}").status_code == 404
        assert api.patch(f"/api/policies/{key}", {"name": "x"}, format="json").status_code == 404
        assert api.delete(f"/api/policies/{key}").status_code == 404


def test_a_policy_lives_and_ends(api: APIClient) -> None:
    made = api.post("/api/policies", BODY, format="json")
    assert (made.status_code, made.json()["text"]) == (201, WEEKEND)
    url = f"/api/policies/{made.json()['id']}"
    assert api.patch(url, {"text": NIGHT}, format="json").json()["text"] == NIGHT
    assert [row["name"] for row in api.get("/api/policies").json()["results"]] == ["Rules"]
    assert api.delete(url).status_code == 204
    assert api.get(url).status_code == 404


def test_a_policy_in_use_stays(tenant: Tenant, api: APIClient) -> None:
    made = api.post("/api/policies", BODY, format="json").json()
    runs.workflow(of=tenant, resource_policy_id=made["id"])
    assert api.delete(f"/api/policies/{made['id']}").status_code == 409


def test_a_text_is_looked_at_without_keeping_it(api: APIClient) -> None:
    assert api.post("/api/policies/validate", {"text": WEEKEND}, format="json").json() == {
        "valid": True, "problems": [],
    }  # fmt: skip
    assert api.post("/api/policies/validate", {"text": "permit"}, format="json").json()["valid"] is False
    assert api.get("/api/policies").json()["results"] == []
