"""Governance attacked from outside: members nobody writes, ids of other tenants, texts that a sheet would run."""

import csv
import io
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from identities.access.models import Role
from identities.elevations import services as elevations
from identities.notifications.sinks import posting
from identities.notifications.sinks.base import SinkFailed
from identities.people.actors import actor_of
from identities.people.models import PortalRole
from identities.recertification.models import ReviewCampaign
from tests.factories import people, register, reviews

SOON = (timezone.now() + timedelta(days=9)).isoformat()
DEEP: Any = "x"
for _ in range(200):
    DEEP = {"a": DEEP}


@pytest.fixture
def cast():
    return reviews.Cast()


@pytest.fixture
def foreign():
    """What another tenant has: by kind, the address of one."""
    other = reviews.Cast()
    role = Role.objects.create(tenant=other.tenant, name="reads", permissions=["run.read"])
    bot = other.identity(risk_tier="high")
    elevation = elevations.ask(
        bot, role, minutes=9, justification="x", owner=other.owner.email, actor=actor_of(other.admin)
    )
    item = other.item(bot)
    return {"identity": bot, "elevation": elevation, "approval": elevation.approval, "item": item, "cast": other}


BODIES: dict[str, dict[str, Any]] = {
    "campaigns": {"name": "Autumn", "dueAt": SOON},
    "campaignPlans": {"name": "Autumn", "everyDays": 9},
    "identityRequests": {
        "bundle": "observability-bot", "name": "watcher", "environment": "development", "purpose": "x",
        "expiresAt": SOON,
    },
    "subscriptions": {"name": "Mine", "types": ["identity.disabled"], "audience": "admins"},
    "channels": {"name": "Hook", "kind": "webhook", "settings": {"url": "https://example.com/x"}},
}  # fmt: skip
UNWRITABLE = (
    "id", "state", "approvalId", "approvedAt", "decidedBy", "decidedAt", "reviewer", "riskTier", "requestedBy",
    "requestedById", "createdBy", "issuedAt", "isDrift", "closedAt", "needs", "involved",
)  # fmt: skip


@pytest.mark.parametrize("route", BODIES)
def test_nobody_writes_what_only_commands_write(call, problem, cast, route):
    for member in UNWRITABLE:
        answer = call.as_(cast.admin).post(f"/api/{route}", {**BODIES[route], member: "approved"})
        assert member in problem(answer, 400)["errors"], member


def test_an_item_takes_no_more_than_an_answer(call, problem, cast):
    item = cast.item()
    for member in ("state", "decidedBy", "decidedAt", "remediation", "evidence", "seconds", "batchSize"):
        given = {"decision": "certify", "reason": "x", member: 1}
        answer = call.as_(cast.owner).post(f"/api/campaignItems/{item.pk}/decide", given)
        assert member in problem(answer, 400)["errors"], member
    item.refresh_from_db()
    assert item.state == "open"


def test_what_is_of_another_tenant_is_not_there(call, problem, cast, foreign):
    said = {"reason": "x"}
    routes = {
        f"approvals/{foreign['approval'].pk}": ("approve", "reject", "withdraw"),
        f"elevations/{foreign['elevation'].pk}": ("end", "cancel"),
        f"campaigns/{foreign['item'].campaign_id}": ("cancel",),
        f"campaignItems/{foreign['item'].pk}": ("undo",),
    }
    for route, commands in routes.items():
        unknown = f"{route.partition('/')[0]}/{uuid4()}"
        theirs, nobodys = (problem(call.as_(cast.admin).get(f"/api/{it}"), 404) for it in (route, unknown))
        assert theirs["detail"] == nobodys["detail"]
        for command in commands:
            problem(call.post(f"/api/{route}/{command}", said), 404)
    answer = call.post(f"/api/campaignItems/{foreign['item'].pk}/decide", {"decision": "certify", **said})
    problem(answer, 404)


@pytest.mark.parametrize("known", [True, False])
def test_ids_of_another_tenant_in_a_body_are_as_unknown_as_any(call, problem, cast, foreign, known):
    bot = str(foreign["identity"].pk if known else uuid4())
    person = foreign["cast"].owner.email if known else "nobody@example.com"
    Role.objects.create(tenant=cast.tenant, name="reads", permissions=["run.read"])
    asked = {"identityId": bot, "role": "reads", "minutes": 9, "justification": "x", "owner": cast.owner.email}
    caller = call.as_(cast.admin)
    assert "identityId" in problem(caller.post("/api/elevations", asked), 400)["errors"]
    own = {**asked, "identityId": str(cast.identity().pk), "owner": person}
    assert "owner" in problem(caller.post("/api/elevations", own), 400)["errors"]
    item = cast.item()
    given = {"decision": "reassign", "reason": "x", "reviewer": person}
    assert "reviewer" in problem(caller.post(f"/api/campaignItems/{item.pk}/decide", given), 400)["errors"]
    request = {**BODIES["identityRequests"], "technicalOwner": person}
    assert "technicalOwner" in problem(caller.post("/api/identityRequests", request), 400)["errors"]
    transfer = {"receiver": person, "reason": "x"}
    answer = caller.post(f"/api/identities/{own['identityId']}/transfer", transfer)
    assert "receiver" in problem(answer, 400)["errors"]
    mine = register.identity(cast.tenant)
    role = register.grant(foreign["identity"] if known else mine, "run.read", name="other")
    binding = str(role.bindings.get().pk)
    given = {"decision": "reduce", "reason": "x", "bindings": [binding]}
    assert "bindings" in problem(caller.post(f"/api/campaignItems/{item.pk}/decide", given), 400)["errors"]


@pytest.mark.parametrize(
    ("route", "given"),
    [
        ("campaigns", {"scope": DEEP}),
        ("campaigns", {"scope": {"q": {"a": 1}}}),
        ("campaigns", {"scope": {"riskTier": ["high"] * 51}}),
        ("campaigns", {"scope": {"technical_owner__password__startswith": "p"}}),
        ("campaigns", {"scope": {"finding": "x' OR 1=1 --"}}),
        ("identityRequests", {"evidence": DEEP}),
        ("identityRequests", {"evidence": {"a": {"b": "c"}}}),
        ("identityRequests", {"purpose": "x" * 100_000}),
        ("channels", {"settings": {"url": "https://169.254.169.254/latest"}}),
        ("channels", {"settings": {"url": "http://[::1]:6379/"}}),
    ],
)
def test_what_would_go_deep_far_or_inside_is_a_400(call, problem, cast, route, given):
    cast.identity()
    problem(call.as_(cast.admin).post(f"/api/{route}", {**BODIES[route], **given}), 400)
    assert not ReviewCampaign.objects.exists()


@pytest.mark.parametrize("host", ["0x7f000001", "2130706433", "127.1", "localhost"])
def test_an_inside_address_spelt_otherwise_is_not_called(host):
    with pytest.raises(SinkFailed, match="private"):
        posting.post(f"https://{host}/", body=b"{}", headers={})


@pytest.mark.django_db
def test_a_foreign_page_answers_no_item_from_the_keyboard(cast):
    item = cast.item()
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.owner)
    address = reverse("admin:identities_reviewcampaign_review", args=[item.campaign_id])
    assert browser.get(address).status_code == 200
    given = {"item": str(item.pk), "decision": "revoke", "reason": "x"}
    assert browser.post(address, given).status_code == 403
    item.refresh_from_db()
    assert item.state == "open"


def test_the_report_runs_in_no_sheet(call, cast):
    evil = "=HYPERLINK(1)"
    item = cast.item()
    given = {"decision": "revoke", "reason": evil}
    assert call.as_(cast.owner).post(f"/api/campaignItems/{item.pk}/decide", given).status_code == 200
    auditor = people.person(of=cast.tenant, role=PortalRole.AUDITOR)
    answer = call.as_(auditor).get(f"/api/campaigns/{item.campaign_id}/report", {"format": "csv"})
    text = b"".join(answer.streaming_content) if answer.streaming else answer.content
    cells = [cell for row in csv.reader(io.StringIO(text.decode("utf-8-sig"))) for cell in row]
    assert any(evil in cell for cell in cells)
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "@"))]
