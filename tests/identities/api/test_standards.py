"""The identity policy by the API."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from audit.models import AuditEvent
from identities.inventory.standards import DEFAULTS, as_rules
from identities.inventory.standards_rows import standards_of
from identities.people.models import PortalRole, Tenant
from tests.factories import register

pytestmark = pytest.mark.django_db
URL = "/api/standards"


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


@pytest.fixture
def api(tenant: Tenant) -> APIClient:
    return register.client_of(register.person(tenant))


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.ANALYST, PortalRole.AUDITOR])
def test_only_an_admin_changes_it_and_all_read_it(tenant: Tenant, role: PortalRole) -> None:
    reader = register.client_of(register.person(tenant, role))
    assert reader.patch(URL, {"dormantAfterDays": 30}, format="json").status_code == 403
    assert reader.get(URL).json()["dormantAfterDays"] == 90


def test_a_machine_reads_and_never_changes_it(tenant: Tenant) -> None:
    every = ("identity.read", "identity.write", "role.read")
    machine = register.client_of_machine(register.identity(tenant), *every)
    assert machine.patch(URL, {"dormantAfterDays": 30}, format="json").status_code == 403
    assert machine.get(URL).status_code == 200


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({"colour": "red"}, "colour"),
        ({"rotationDays": {"high": 0}}, "rotationDays.high"),
        ({"rotationDays": 7}, "rotationDays"),
        ({"naming": {"bot": "(a+)+"}}, "naming.bot"),
        ({"authMethods": {"low": ["human_shared_admin"]}}, "authMethods.low"),
        ({"dormantAfterDays": "30"}, "dormantAfterDays"),
        ({"verdicts": []}, "verdicts"),
    ],
)
def test_a_rule_that_is_none_is_named(api: APIClient, tenant: Tenant, body: dict[str, Any], member: str) -> None:
    refused = api.patch(URL, body, format="json")
    assert refused.status_code == 400, refused.json()
    assert member in refused.json()["errors"]
    assert standards_of(tenant.pk) == DEFAULTS


def test_the_policy_of_another_tenant_is_neither_read_nor_changed(api: APIClient) -> None:
    other = register.tenant()
    assert api.get(f"{URL}?tenantId={other.pk}").status_code == 400
    refused = api.patch(URL, {"tenantId": str(other.pk), "dormantAfterDays": 30}, format="json")
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["tenantId"])


def test_it_answers_every_rule_and_the_verdicts(api: APIClient, tenant: Tenant) -> None:
    body = api.get(URL).json()
    assert body["tenantId"] == str(tenant.pk)
    assert body["rotationDays"] == {"low": 180, "medium": 90, "high": 30}
    assert "static_api_key" not in body["authMethods"]["high"]
    assert len(body) == len(as_rules(DEFAULTS)) + 2
    assert {row["authMethod"]: row["verdict"] for row in body["verdicts"]}["federated"] == "best default"


def test_a_change_is_laid_over_and_held_to_at_once(api: APIClient, tenant: Tenant) -> None:
    body = {"rotationDays": {"high": 14}, "authMethodsByKind": {"bot": ["mtls"]}, "reason": "Agreed."}
    changed = api.patch(URL, body, format="json").json()
    assert changed["rotationDays"] == {"low": 180, "medium": 90, "high": 14}
    assert AuditEvent.objects.get(type="standards.changed").reason == "Agreed."
    bot = {"name": "pay-bot", "environment": "production", "purpose": "Pays.", "kind": "bot"}
    refused = api.post("/api/identities", {**bot, "authMethod": "federated"}, format="json")
    assert refused.json()["errors"]["authMethod"][0].endswith("Allowed: mtls, unknown.")
    made = api.post("/api/identities", {**bot, "riskTier": "high", "issueSecret": True}, format="json").json()
    due, made_at = (datetime.fromisoformat(made[member]) for member in ("rotateBy", "lastRotatedAt"))
    assert due - made_at == timedelta(days=14)
    back = api.patch(URL, {"rotationDays": None, "authMethodsByKind": {"bot": None}}, format="json").json()
    assert (back["rotationDays"]["high"], "bot" in back["authMethodsByKind"]) == (30, False)


def test_a_platform_administrator_changes_that_of_another_tenant(tenant: Tenant) -> None:
    api = register.client_of(register.person(tenant, is_platform_admin=True))
    other = register.tenant()
    body = {"tenantId": str(other.pk), "dormantAfterDays": 30}
    assert api.patch(URL, body, format="json").json()["tenantId"] == str(other.pk)
    assert (standards_of(other.pk).dormant_after_days, standards_of(tenant.pk).dormant_after_days) == (30, 90)
