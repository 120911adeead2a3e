"""Findings over the API."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from identities.detections import services as detections
from identities.detections.models import Finding
from identities.inventory.models import ManagedIdentity
from tests.factories import people as cast, tokens as bots

pytestmark = pytest.mark.django_db
SHARED = "NHI10-SHARED-ADMIN"


@pytest.fixture
def analyst():
    return cast.person(role="ANALYST")


@pytest.fixture
def bot(analyst):
    identity = bots.identity(of=analyst.tenant, auth_method="human_shared_admin")
    detections.evaluate([identity.pk], at=timezone.now())
    return identity


@pytest.fixture
def found(bot):
    return Finding.objects.get(identity=bot, code=SHARED)


def in_days(number):
    return (timezone.now().date() + timedelta(days=number)).isoformat()


def codes(answer):
    assert answer.status_code == 200, answer.content
    return {row["code"] for row in answer.json()["results"]}


def test_a_finding_explains_itself(call, analyst, bot, found):
    body = call.as_(analyst).get(f"/api/findings/{found.pk}").json()
    assert set(body) == {
        "id", "tenantId", "code", "category", "severity", "title", "why", "mend", "identity", "evidence", "details",
        "owner", "isAssigned", "state", "acceptedUntil", "acceptedReason", "acceptedBy", "firstSeenAt", "lastSeenAt",
        "openedAt", "resolvedAt", "comments",
    }  # fmt: skip
    assert (body["code"], body["severity"], body["state"]) == (SHARED, "critical", "open")
    assert body["identity"] == {"id": str(bot.pk), "label": bot.name}
    assert body["title"]
    assert body["why"]
    assert body["mend"]
    assert (body["owner"], body["comments"]) == (None, [])


@pytest.mark.parametrize(
    ("query", "is_in"),
    [
        ({"category": "NHI10"}, True),
        ({"category": "NHI7"}, False),
        ({"code": SHARED}, True),
        ({"code": "NHI7-AGE"}, False),
        ({"severity": "critical"}, True),
        ({"severity": "low"}, False),
        ({"state": "open"}, True),
        ({"state": "resolved"}, False),
        ({"owner": "nobody"}, True),
        ({"owner": "ann@example.com"}, False),
        ({"ownerId": str(uuid4())}, False),
        ({"identityId": str(uuid4())}, False),
        ({"since": "2001-01-01T00:00:00Z"}, True),
        ({"since": "2099-01-01T00:00:00Z"}, False),
        ({"ordering": "-lastSeenAt"}, True),
    ],
)
def test_the_list_is_filtered(call, analyst, found, query, is_in):
    assert (SHARED in codes(call.as_(analyst).get("/api/findings", query))) is is_in


@pytest.mark.parametrize(
    "query", [{"category": "NHI11"}, {"state": "closed"}, {"ordering": "evidence"}, {"since": "soon"}, {"ownr": "x"}]
)
def test_a_filter_that_does_not_fit_is_a_400(call, problem, analyst, query):
    problem(call.as_(analyst).get("/api/findings", query), 400)


def test_the_ten_are_counted_with_their_worst_rows_and_their_trend(call, analyst, bot, found):
    body = call.as_(analyst).get("/api/findings/topTen").json()
    assert [row["code"] for row in body["categories"]] == [*(f"NHI{n}" for n in range(1, 11)), "HYGIENE"]
    human = body["categories"][9]
    assert (human["open"], human["severities"]["critical"], human["accepted"], human["resolved"]) == (1, 1, 0, 0)
    assert [row["id"] for row in human["worst"]] == [str(found.pk)]
    assert len(body["trend"]) == 30
    assert body["trend"][-1]["opened"] >= 1
    assert body["trend"][0] == {"day": in_days(-29), "opened": 0, "resolved": 0}


def test_what_was_accepted_or_resolved_is_counted_as_that(call, analyst, bot, found):
    detections.accept(found, until=timezone.now().date(), reason="x", actor=cast.SYSTEM)
    counted = call.as_(analyst).get("/api/findings/topTen").json()["categories"]
    assert (counted[9]["open"], counted[9]["accepted"], counted[9]["worst"]) == (0, 1, [])
    ManagedIdentity.objects.filter(pk=bot.pk).update(auth_method="mtls")
    detections.evaluate([bot.pk], at=timezone.now())
    counted = call.get("/api/findings/topTen").json()["categories"]
    assert (counted[9]["accepted"], counted[9]["resolved"]) == (0, 1)


def test_a_finding_is_accepted_and_reopened(call, problem, analyst, found):
    where = f"/api/findings/{found.pk}"
    body = call.as_(analyst).post(f"{where}/accept", {"until": in_days(5), "reason": "Replaced on Friday"}).json()
    assert (body["state"], body["acceptedUntil"], body["acceptedBy"]) == ("accepted", in_days(5), analyst.email)
    body = call.post(f"{where}/reopen", {"reason": "Friday has passed"}).json()
    assert (body["state"], body["acceptedUntil"]) == ("open", None)
    problem(call.post(f"{where}/reopen", {"reason": "again"}), 409, "finding_not_accepted")


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({"until": in_days(32), "reason": "x"}, "until"),  # 31, where midnight was since
        ({"until": in_days(-1), "reason": "x"}, "until"),
        ({"until": "soon", "reason": "x"}, "until"),
        ({"until": in_days(1)}, "reason"),
        ({"until": in_days(1), "reason": " "}, "reason"),
        ({"until": in_days(1), "reason": "x", "state": "open"}, "state"),
    ],
)
def test_what_does_not_fit_in_an_acceptance_is_named(call, problem, analyst, found, body, member):
    errors = problem(call.as_(analyst).post(f"/api/findings/{found.pk}/accept", body), 400)["errors"]
    assert set(errors) == {member}


def test_a_comment_is_shown_with_the_finding(call, problem, analyst, found):
    where = f"/api/findings/{found.pk}/comment"
    body = call.as_(analyst).post(where, {"text": "Asked the team"}).json()
    assert [(said["author"], said["text"]) for said in body["comments"]] == [(analyst.email, "Asked the team")]
    key = "AKIA" + "Z" * 16
    refused = call.post(where, {"text": f"it is {key}"})
    assert set(problem(refused, 400)["errors"]) == {"text"}
    assert key not in refused.content.decode()


def test_a_finding_is_assigned_within_the_tenant(call, problem, analyst, found):
    where, colleague = f"/api/findings/{found.pk}/assign", cast.person(of=analyst.tenant)
    body = call.as_(analyst).post(where, {"ownerId": str(colleague.pk)}).json()
    assert (body["owner"]["label"], body["isAssigned"]) == (colleague.email, True)
    assert SHARED in codes(call.get("/api/findings", {"owner": colleague.email}))
    for stranger in (cast.person().pk, uuid4()):
        errors = problem(call.post(where, {"ownerId": str(stranger)}), 400)["errors"]
        assert errors == {"ownerId": ["There is no such person."]}
    assert call.post(where, {"ownerId": None}).json()["isAssigned"] is False


@pytest.mark.parametrize("role", ["READ_ONLY", "AUDITOR"])
@pytest.mark.parametrize("command", ["accept", "reopen", "comment", "assign"])
def test_who_only_reads_changes_nothing(call, problem, analyst, found, role, command):
    reader = cast.person(of=analyst.tenant, role=role)
    assert call.as_(reader).get(f"/api/findings/{found.pk}").status_code == 200
    problem(call.post(f"/api/findings/{found.pk}/{command}", {"reason": "x"}), 403, "forbidden")


def test_tenants_never_see_each_others_findings(call, problem, found):
    call.as_(cast.person(role="ANALYST"))
    assert codes(call.get("/api/findings")) == set()
    assert {row["open"] for row in call.get("/api/findings/topTen").json()["categories"]} == {0}
    problem(call.get(f"/api/findings/{found.pk}"), 404)
    for command in ("accept", "reopen", "comment", "assign"):
        problem(call.post(f"/api/findings/{found.pk}/{command}", {"reason": "x"}), 404)


def test_a_machine_reads_with_the_permission_and_never_changes(call, problem, analyst, found):
    reader, other = bots.bot(of=analyst.tenant, permissions=("finding.read",)), bots.bot(of=analyst.tenant)
    assert call.as_(reader).get(f"/api/findings/{found.pk}").status_code == 200
    problem(call.post(f"/api/findings/{found.pk}/comment", {"text": "x"}), 403)
    problem(call.as_(other).get("/api/findings"), 403, "insufficient_scope")
