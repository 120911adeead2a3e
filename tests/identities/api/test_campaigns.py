"""Review campaigns over the API: launched, followed, answered, taken back, reported; refusals first."""

import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.api.campaign_item_shapes import MOST_AT_ONCE
from identities.people.models import PortalRole
from identities.recertification.models import CampaignPlan, ItemState, ReviewCampaign, ReviewItem
from tests.factories import people, register, reviews

pytestmark = pytest.mark.django_db
REASON = {"reason": "Looked at it"}


@pytest.fixture
def cast():
    return reviews.Cast()


@pytest.fixture
def item(cast):
    return cast.item()


def body(**more):
    return {"name": "Autumn", "dueAt": (timezone.now() + timedelta(days=9)).isoformat(), **more}


def route(row, command=""):
    kind = {"ReviewCampaign": "campaigns", "ReviewItem": "campaignItems", "CampaignPlan": "campaignPlans"}
    address = f"/api/{kind[type(row).__name__]}/{row.pk}"
    return f"{address}/{command}" if command else address


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.ANALYST, PortalRole.AUDITOR])
def test_only_an_admin_launches_and_cancels(call, cast, item, role):
    caller = call.as_(people.person(of=cast.tenant, role=role))
    assert caller.post("/api/campaigns", body()).status_code == 403
    assert caller.post(route(item.campaign, "cancel"), REASON).status_code == 403
    assert caller.post("/api/campaignPlans", {"name": "x", "everyDays": 7}).status_code == 403
    assert ReviewCampaign.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "member"),
    [
        ({"dueAt": "2001-01-01T00:00:00Z"}, "dueAt"),
        ({"name": " "}, "name"),
        ({"scope": {"riskTier": "enormous"}}, "scope.riskTier"),
        ({"scope": {"colour": "red"}}, "scope.colour"),
        ({"scope": []}, "scope"),
        ({"reviewerRule": "nobody"}, "reviewerRule"),
        ({"onSilence": "delete"}, "onSilence"),
        ({"extra": 1}, "extra"),
    ],
)
def test_what_does_not_fit_is_a_400_that_names_the_member(call, problem, cast, wrong, member):
    cast.identity()
    assert member in problem(call.as_(cast.admin).post("/api/campaigns", body(**wrong)), 400)["errors"]


def test_a_campaign_is_launched_followed_and_cancelled(call, problem, cast):
    cast.identity(risk_tier="high")
    cast.identity(risk_tier="low")
    made = call.as_(cast.admin).post("/api/campaigns", body(scope={"riskTier": "high"}))
    assert made.status_code == 201
    campaign = made.json()
    assert (campaign["state"], campaign["scope"], campaign["onSilence"]) == ("open", {"riskTier": "high"}, "by_tier")
    assert (campaign["progress"]["items"], campaign["progress"]["open"]) == (1, 1)
    where = f"/api/campaigns/{campaign['id']}"
    assert call.get(where).json() == campaign
    assert call.get("/api/campaigns?state=open").json()["results"] == [campaign]
    problem(call.post(f"{where}/cancel", {}), 400)
    assert call.post(f"{where}/cancel", REASON).json()["state"] == "cancelled"
    problem(call.post(f"{where}/cancel", REASON), 409, "campaign_over")


def test_an_item_holds_the_four_questions_and_is_found_by_its_reviewer(call, cast, item):
    listed = call.as_(cast.owner).get(route(item.campaign, "items")).json()["results"]
    mine = call.get("/api/campaignItems?reviewer=me&state=open").json()["results"]
    assert listed == mine
    (shown,) = listed
    assert {"owner", "access", "lastUsed", "dependencies", "changes"} <= set(shown["evidence"])
    assert (shown["identityId"], shown["reviewer"]["label"]) == (str(item.identity_id), cast.owner.email)
    assert call.as_(cast.admin).get("/api/campaignItems?reviewer=me").json()["results"] == []
    assert len(call.get(f"/api/campaignItems?reviewer={cast.owner.email}").json()["results"]) == 1
    assert call.get(route(item)).json()["trail"][0]["label"] == cast.owner.email


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.AUDITOR, PortalRole.ANALYST])
def test_nobody_else_answers(call, cast, item, role):
    caller = call.as_(people.person(of=cast.tenant, role=role))
    assert caller.post(route(item, "decide"), {"decision": "revoke", **REASON}).status_code == 403
    assert caller.post(route(item, "undo"), REASON).status_code == 403
    assert caller.post("/api/campaignItems/certify", {"ids": [str(item.pk)], **REASON}).status_code == 403
    item.refresh_from_db()
    assert item.state == ItemState.OPEN


def test_no_machine_answers(call, cast, item):
    agent = people.agent(of=cast.tenant, role=PortalRole.ADMIN)
    assert call.as_(agent).post(route(item, "decide"), {"decision": "certify", **REASON}).status_code == 403
    machine = register.client_of_machine(item.identity, "review.read")
    assert machine.get(route(item)).status_code == 200
    assert machine.get("/api/campaigns").status_code == 200
    answer = machine.post(route(item, "decide"), {"decision": "certify", **REASON}, format="json")
    assert answer.status_code == 403
    assert register.client_of_machine(item.identity, "identity.read").get(route(item)).status_code == 403


@pytest.mark.parametrize(
    ("given", "member"),
    [
        ({"decision": "applaud"}, "decision"),
        ({"decision": "no_response"}, "decision"),
        ({"decision": "revoke"}, "reason"),
        ({"decision": "revoke", "bindings": ["3f2504e0-4f89-41d3-9a0c-0305e82c3301"], **REASON}, "bindings"),
        ({"decision": "reduce", "bindings": ["3f2504e0-4f89-41d3-9a0c-0305e82c3301"], **REASON}, "bindings"),
        ({"decision": "reduce", "bindings": ["x"], **REASON}, "bindings.0"),
        ({"decision": "certify", "reviewer": "a@example.com", **REASON}, "reviewer"),
        ({"decision": "reassign", "reviewer": "nobody@example.com", **REASON}, "reviewer"),
        ({"decision": "reassign", **REASON}, "reviewer"),
    ],
)
def test_an_answer_that_does_not_fit_is_a_400(call, problem, cast, item, given, member):
    errors = problem(call.as_(cast.owner).post(route(item, "decide"), given), 400)["errors"]
    assert any(name == member or name.startswith(member.split(".")[0]) for name in errors)
    item.refresh_from_db()
    assert item.state == ItemState.OPEN


def test_an_item_is_certified_once(call, problem, cast, item):
    answered = call.as_(cast.owner).post(route(item, "decide"), {"decision": "certify", **REASON}).json()
    assert (answered["state"], answered["decision"], answered["decidedBy"]) == ("decided", "certify", cast.owner.email)
    assert answered["answers"][0]["evidenceHash"] == item.evidence_hash
    problem(call.post(route(item, "decide"), {"decision": "certify", **REASON}), 409, "item_closed")


def test_what_is_revoked_is_given_back(call, cast, item):
    gone = call.as_(cast.owner).post(route(item, "decide"), {"decision": "revoke", **REASON}).json()
    assert (gone["remediation"]["state"], gone["undoUntil"] is not None) == ("done", True)
    item.identity.refresh_from_db()
    assert item.identity.state == "disabled"
    back = call.post(route(item, "undo"), {"reason": "It still runs"}).json()
    assert back["remediation"]["state"] == "undone"
    item.identity.refresh_from_db()
    assert item.identity.state == "active"


def test_an_item_is_handed_on(call, cast, item):
    given = {"decision": "reassign", "reviewer": cast.deputy.email, "reason": "Runs it now"}
    shown = call.as_(cast.owner).post(route(item, "decide"), given).json()
    assert (shown["state"], shown["reviewer"]["label"]) == ("open", cast.deputy.email)
    assert [step["label"] for step in shown["trail"]] == [cast.owner.email, cast.deputy.email]


def test_several_are_certified_at_once_and_marked(call, problem, cast):
    for _ in range(3):
        cast.identity()
    campaign = cast.launch()
    ReviewItem.objects.filter(campaign=campaign).update(recommendation="certify", unclear=[])
    ids = [str(pk) for pk in campaign.items.values_list("pk", flat=True)]
    caller = call.as_(cast.owner)
    problem(caller.post("/api/campaignItems/certify", {"ids": ids}), 400)
    problem(caller.post("/api/campaignItems/certify", {"ids": ids * 9, **REASON}), 400)
    assert len(ids * 9) > MOST_AT_ONCE
    answered = caller.post("/api/campaignItems/certify", {"ids": ids, **REASON}).json()["results"]
    assert {one["decision"] for one in answered} == {"certify"}
    assert set(campaign.items.values_list("decisions__batch_size", flat=True)) == {3}


def test_other_tenants_look_like_nothing(call, cast, item):
    theirs = reviews.Cast()
    stranger = call.as_(theirs.admin)
    for address in (route(item), route(item.campaign), route(item.campaign, "items"), route(item.campaign, "report")):
        assert stranger.get(address).status_code == 404
    assert stranger.post(route(item, "decide"), {"decision": "certify", **REASON}).status_code == 404
    assert stranger.post("/api/campaignItems/certify", {"ids": [str(item.pk)], **REASON}).status_code == 400
    assert stranger.get("/api/campaignItems").json()["results"] == []


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.ANALYST])
def test_who_reads_no_whole_audit_makes_no_report(call, cast, item, role):
    caller = call.as_(people.person(of=cast.tenant, role=role))
    assert caller.get(route(item.campaign, "report")).status_code == 403
    assert not AuditEvent.objects.filter(type="campaign.report_made").exists()


def test_the_report_tells_all_of_it_and_is_recorded(call, cast, item):
    call.as_(cast.owner).post(route(item, "decide"), {"decision": "certify", "reason": "=cmd()"})
    auditor = call.as_(people.person(of=cast.tenant, role=PortalRole.AUDITOR))
    told = auditor.get(route(item.campaign, "report")).json()
    assert (told["summary"]["items"], told["summary"]["decisions"]) == (1, {"certify": 1})
    (line,) = told["items"]
    assert (line["decidedBy"], line["evidenceHash"], line["sealHolds"]) == (cast.owner.email, item.evidence_hash, True)
    file = auditor.get(f"{route(item.campaign, 'report')}?format=csv")
    text = b"".join(file.streaming_content).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["Reason"], row["Seal"]) == ("'=cmd()", "holds")
    page = auditor.get(f"{route(item.campaign, 'report')}?format=html").content.decode()
    assert item.identity.name in page
    assert item.evidence_hash in page
    assert AuditEvent.objects.filter(type="campaign.report_made").count() == 3
    assert auditor.get(f"{route(item.campaign, 'report')}?format=docx").status_code == 400


def test_a_snapshot_that_was_altered_is_told(call, cast, item):
    call.as_(cast.owner).post(route(item, "decide"), {"decision": "certify", **REASON})
    item.snapshots.update(certified_by="somebody@example.com")
    caller = call.as_(cast.admin)
    assert caller.get(route(item.campaign, "report")).json()["items"][0]["sealHolds"] is False
    assert "BROKEN" in caller.get(f"{route(item.campaign, 'report')}?format=html").content.decode()


def test_a_plan_is_made_changed_and_removed(call, problem, cast):
    caller = call.as_(cast.admin)
    problem(caller.post("/api/campaignPlans", {"name": "x"}), 400)
    problem(caller.post("/api/campaignPlans", {"name": "x", "everyDays": 0}), 400)
    assert caller.post("/api/campaignPlans", {"name": "Of all", "everyDays": 90}).json()["scope"] == {}
    CampaignPlan.objects.all().delete()
    wanted = {"name": "Quarterly", "everyDays": 90, "scope": {"riskTier": "high"}}
    made = caller.post("/api/campaignPlans", wanted)
    assert (made.status_code, made.json()["answerDays"], made.json()["scope"]) == (201, 14, {"riskTier": "high"})
    plan = CampaignPlan.objects.get()
    changed = caller.patch(route(plan), {"everyDays": 30, "isEnabled": False}).json()
    assert (changed["everyDays"], changed["isEnabled"]) == (30, False)
    assert len(caller.get("/api/campaignPlans").json()["results"]) == 1
    assert call.as_(reviews.Cast().admin).get(route(plan)).status_code == 404
    caller = call.as_(cast.admin)
    assert caller.delete(route(plan)).status_code == 204
    assert not CampaignPlan.objects.exists()
