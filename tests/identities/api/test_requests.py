"""Requests over the API: refused first, then each tier from asking to the secret."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from identities.inventory.models import ManagedIdentity
from identities.people.models import PortalRole
from identities.requests.models import IdentityRequest
from tests.factories import people, tokens

ROUTE = "/api/identityRequests"
SOON = (timezone.now() + timedelta(days=30)).isoformat()
LOW = {
    "bundle": "observability-bot",
    "name": "watcher",
    "environment": "development",
    "purpose": "Draws the dashboard.",
    "expiresAt": SOON,
}
PLACE = {"provider": "local", "vaultUri": "local://default", "secretName": "watcher"}
EVIDENCE = {"releaseTicket": "REL-1", "approver": "dana", "deploymentId": "d-1"}


@pytest.fixture
def there(call):
    """By name: who asks, who owns it, two who govern, one who reads, and one of another tenant."""
    tenant = people.tenant()
    facts: dict[str, Any] = {"of": tenant, "created_at": timezone.now() - timedelta(days=30)}
    return {
        "asker": people.person(role=PortalRole.ANALYST, first_name="Ada", last_name="Asker", **facts),
        "owner": people.person(role=PortalRole.ANALYST, first_name="Oma", last_name="Owner", **facts),
        "admin": people.person(first_name="Ari", last_name="Admin", **facts),
        "other": people.person(first_name="Otto", last_name="Other", **facts),
        "reader": people.person(role=PortalRole.READ_ONLY, **facts),
        "auditor": people.person(role=PortalRole.AUDITOR, **facts),
        "stranger": people.person(),
    }


def medium(there, **more):
    owner = there["owner"].email
    return {**LOW, "bundle": "deploy-bot", "evidence": EVIDENCE, "technicalOwner": owner, **more}


def high(there, **more):
    return {**LOW, "environment": "production", "customerFacing": True, "technicalOwner": there["owner"].email, **more}


def asked(call, there, body, *, by="asker"):
    answer = call.as_(there[by]).post(ROUTE, body)
    assert answer.status_code == 201, answer.content
    return answer.json()


def do(call, who, row, what, **body):
    return call.as_(who).post(f"{ROUTE}/{row['id']}/{what}", {"reason": "Said.", **body})


@pytest.mark.parametrize("who", ["reader", "auditor"])
def test_who_only_reads_asks_for_nothing(call, problem, there, who):
    problem(call.as_(there[who]).post(ROUTE, LOW), 403)
    assert call.get(ROUTE).json()["results"] == []


def test_a_machine_neither_asks_nor_reads_nor_decides(call, problem, there):
    bot = tokens.bot(of=there["admin"].tenant, permissions=("identity.read", "identity.write", "role.read"))
    row = asked(call, there, medium(there))
    problem(call.as_(bot).post(ROUTE, LOW), 403)
    problem(call.as_(bot).get(ROUTE), 403)
    problem(do(call, bot, row, "approve"), 403)
    assert call.as_(bot).get("/api/roleBundles").status_code == 200


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"bundle": "root"}, "bundle"),
        ({"bundle": None}, "bundle"),
        ({"name": ""}, "name"),
        ({"environment": "moon"}, "environment"),
        ({"purpose": " "}, "purpose"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
        ({"expiresAt": "2099-01-01T00:00:00Z"}, "expiresAt"),
        ({"permissions": ["identity.write"]}, "permissions"),
        ({"permissions": "run.read"}, "permissions"),
        ({"technicalOwner": "nobody@example.com"}, "technicalOwner"),
        ({"technicalOwner": 5}, "technicalOwner"),
        ({"ownerTeam": "nobody"}, "ownerTeam"),
        ({"storeSecretAt": {**PLACE, "vaultUri": "local://no"}}, "storeSecretAt.vaultUri"),
        ({"storeSecretAt": {"provider": "local"}}, "storeSecretAt.vaultUri"),
        ({"evidence": []}, "evidence"),
        ({"evidence": {"shoeSize": "42"}}, "evidence.shoeSize"),
        ({"bundle": "deploy-bot"}, "evidence.releaseTicket"),
        ({"state": "issued"}, "state"),
        ({"riskTier": "low"}, "riskTier"),
        ({"tenantId": "00000000-0000-0000-0000-000000000000"}, "tenantId"),
        ({"identityId": "00000000-0000-0000-0000-000000000000"}, "identityId"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_a_400_that_names_it(call, problem, there, change, member):
    body = {**LOW, **change}
    found = problem(call.as_(there["asker"]).post(ROUTE, body), 400)
    assert member in found["errors"], found["errors"]
    assert not IdentityRequest.objects.exists()


@pytest.mark.parametrize("missing", ["bundle", "name", "environment", "purpose", "expiresAt"])
def test_five_members_are_required(call, problem, there, missing):
    body = {name: value for name, value in LOW.items() if name != missing}
    assert missing in problem(call.as_(there["asker"]).post(ROUTE, body), 400)["errors"]


def test_an_identity_of_another_tenant_is_unknown(call, problem, there):
    theirs = tokens.identity(of=there["stranger"].tenant)
    body = {"bundle": "observability-bot", "expiresAt": SOON, "identityId": str(theirs.pk)}
    assert "identityId" in problem(call.as_(there["asker"]).post(ROUTE, body), 400)["errors"]


def test_another_tenant_sees_nothing_of_it(call, problem, there):
    row = asked(call, there, medium(there))
    call.as_(there["stranger"])
    assert call.get(ROUTE).json()["results"] == []
    problem(call.get(f"{ROUTE}/{row['id']}"), 404)
    problem(call.patch(f"{ROUTE}/{row['id']}", {"purpose": "x"}), 404)
    for what in ("approve", "reject", "cancel", "secret"):
        problem(do(call, there["stranger"], row, what), 404)


def test_of_low_tier_one_call_makes_an_identity_that_gets_a_token(call, there):
    made = asked(call, there, LOW)
    assert (made["state"], made["riskTier"], made["needs"], made["problem"]) == ("issued", "low", [], "")
    assert made["clientSecret"].startswith("nhi_")
    assert made["identityId"]
    assert made["technicalOwner"]["label"] == there["asker"].email
    form = {"grant_type": "client_credentials", "client_id": made["clientId"], "client_secret": made["clientSecret"]}
    token = Client().post("/passport/token", urlencode(form), content_type="application/x-www-form-urlencoded")
    assert token.status_code == 200, token.content
    read = call.as_(there["asker"]).get(f"{ROUTE}/{made['id']}")
    assert made["clientSecret"] not in read.content.decode()
    assert read.json()["secretCollectedAt"]
    problem = call.post(f"{ROUTE}/{made['id']}/secret")
    assert (problem.status_code, problem.json()["code"]) == (409, "secret_collected")


def test_a_secret_for_a_vault_is_in_no_answer(call, there):
    made = asked(call, there, {**LOW, "storeSecretAt": PLACE})
    assert made["state"] == "issued"
    assert "clientSecret" not in made
    assert made["storeSecretAt"] == PLACE


def test_of_medium_tier_an_owner_is_enough_and_who_asked_is_not(call, problem, there):
    row = asked(call, there, medium(there))
    assert (row["state"], row["riskTier"], set(row["needs"])) == ("pending", "medium", {"approver", "owner"})
    assert row["identityId"] is None
    assert problem(do(call, there["asker"], row, "approve"), 403)["code"] == "own_request"
    after = do(call, there["owner"], row, "approve").json()
    assert (after["state"], after["needs"]) == ("issued", [])
    problem(call.as_(there["admin"]).post(f"{ROUTE}/{row['id']}/secret"), 403)
    secret = call.as_(there["asker"]).post(f"{ROUTE}/{row['id']}/secret")
    assert secret.status_code == 200, secret.content
    assert secret.json()["clientSecret"].startswith("nhi_")
    assert secret["Cache-Control"] == "no-store"
    assert call.post(f"{ROUTE}/{row['id']}/secret").status_code == 409


def test_of_high_tier_two_others_are_needed(call, problem, there):
    row = asked(call, there, high(there))
    assert (row["riskTier"], row["needs"]) == ("high", ["security", "owner"])
    first = do(call, there["admin"], row, "approve").json()
    assert (first["state"], first["needs"]) == ("pending", ["owner"])
    problem(do(call, there["admin"], row, "approve"), 403)
    analyst = people.person(of=there["admin"].tenant, role=PortalRole.ANALYST)
    problem(do(call, analyst, row, "approve"), 403)
    last = do(call, there["owner"], row, "approve").json()
    assert last["state"] == "issued"
    identity = ManagedIdentity.objects.get(pk=last["identityId"])
    assert (identity.risk_tier, identity.customer_facing) == ("high", True)
    assert [vote["need"] for vote in last["votes"]] == ["security", "owner"]


def test_an_approver_says_yes_to_what_was_read(call, problem, there):
    row = asked(call, there, medium(there))
    changed = call.as_(there["asker"]).patch(f"{ROUTE}/{row['id']}", {"purpose": "Another."}).json()
    assert changed["contentHash"] != row["contentHash"]
    stale = do(call, there["owner"], row, "approve", contentHash=row["contentHash"])
    assert problem(stale, 409)["code"] == "changed_since"
    assert do(call, there["owner"], row, "approve", contentHash=changed["contentHash"]).json()["state"] == "issued"


def test_only_who_asked_or_governs_changes_or_cancels_it(call, problem, there):
    row = asked(call, there, medium(there))
    problem(call.as_(there["owner"]).patch(f"{ROUTE}/{row['id']}", {"purpose": "x"}), 403)
    problem(do(call, there["owner"], row, "cancel"), 403)
    problem(call.as_(there["asker"]).patch(f"{ROUTE}/{row['id']}", {"state": "issued"}), 400)
    problem(call.as_(there["asker"]).post(f"{ROUTE}/{row['id']}/cancel", {}), 400)
    assert do(call, there["asker"], row, "cancel").json()["state"] == "cancelled"
    assert problem(do(call, there["admin"], row, "approve"), 409)["code"] == "request_closed"


def test_a_no_needs_a_reason_and_ends_it(call, problem, there):
    row = asked(call, there, medium(there))
    problem(call.as_(there["admin"]).post(f"{ROUTE}/{row['id']}/reject", {}), 400)
    after = do(call, there["admin"], row, "reject").json()
    assert (after["state"], after["stateReason"]) == ("rejected", "Said.")


def test_the_list_is_filtered_and_one_may_see_only_ones_own(call, problem, there):
    asked(call, there, LOW)
    asked(call, there, medium(there, name="second"), by="owner")
    call.as_(there["asker"])
    names = {query: [row["name"] for row in call.get(f"{ROUTE}?{query}").json()["results"]] for query in (
        "", "mine=true", "mine=false", "state=pending", "riskTier=low", "bundle=deploy-bot",
    )}  # fmt: skip
    assert names == {
        "": ["second", "watcher"], "mine=true": ["watcher"], "mine=false": ["second"], "state=pending": ["second"],
        "riskTier=low": ["watcher"], "bundle=deploy-bot": ["second"],
    }  # fmt: skip
    problem(call.get(f"{ROUTE}?state=nowhere"), 400)


def test_the_bundles_say_what_they_ask_for(call, there):
    found = {row["key"]: row for row in call.as_(there["reader"]).get("/api/roleBundles").json()["results"]}
    assert set(found) == {
        "deploy-bot", "observability-bot", "crm-sync-bot", "llm-retrieval-agent", "data-export-agent",
    }  # fmt: skip
    assert [field["key"] for field in found["deploy-bot"]["evidence"]] == ["releaseTicket", "approver", "deploymentId"]
    assert (found["observability-bot"]["riskTier"], found["observability-bot"]["longestDays"]) == ("low", 366)
