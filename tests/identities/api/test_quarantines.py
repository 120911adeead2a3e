"""Stops and runbooks over the API."""

import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone

from identities.inventory.models import ManagedIdentity
from identities.lifecycle import drills
from identities.lifecycle.models import Quarantine
from identities.lifecycle.quarantines import quarantine
from tests.factories import people as cast, tokens as bots

pytestmark = pytest.mark.django_db
REASON = {"reason": "Seen where it should not be"}
SYSTEM = cast.SYSTEM


@pytest.fixture
def admin():
    return cast.person(created_at=timezone.now() - timedelta(days=1))


def route(identity: ManagedIdentity, command: str) -> str:
    return f"/api/identities/{identity.pk}/{command}"


@pytest.mark.parametrize("command", ["pause", "resume", "quarantine", "release"])
def test_each_asks_for_a_reason(call, problem, admin, command):
    answer = call.as_(admin).post(route(bots.identity(of=admin.tenant), command), {})
    assert set(problem(answer, 400)["errors"]) == {"reason"}


@pytest.mark.parametrize(
    "body", [{"until": "yesterday"}, {"until": "2001-01-01T00:00:00Z"}, {"until": 5}, {"minutes": 3}]
)
def test_a_pause_whose_end_does_not_fit_is_a_400(call, problem, admin, body):
    answer = call.as_(admin).post(route(bots.identity(of=admin.tenant), "pause"), REASON | body)
    assert set(problem(answer, 400)["errors"]) == set(body)


@pytest.mark.parametrize("body", [{"minutes": 0}, {"minutes": 10**30}, {"minutes": "10"}, {"until": "x"}])
def test_a_drill_whose_span_does_not_fit_is_a_400(call, problem, admin, body):
    answer = call.as_(admin).post(route(bots.identity(of=admin.tenant), "drill"), body)
    assert set(problem(answer, 400)["errors"]) == set(body)


def test_a_drill_of_high_tier_in_production_is_said_twice(call, problem, admin):
    where = route(bots.identity(of=admin.tenant, risk_tier="high"), "drill")
    problem(call.as_(admin).post(where, {}), 400, "confirm_drill")
    assert call.post(where, {"isConfirmed": True}).json()["releaseAt"] is not None


def test_pause_and_resume(call, problem, admin):
    identity = bots.identity(of=admin.tenant)
    until = (timezone.now() + timedelta(hours=1)).isoformat()
    paused = call.as_(admin).post(route(identity, "pause"), REASON | {"until": until}).json()
    assert (paused["state"], paused["isEnabled"]) == ("paused", False)
    assert paused["pausedUntil"] is not None
    problem(call.post(route(identity, "enable"), REASON), 409, "wrong_state")
    assert call.post(route(identity, "resume"), REASON).json()["state"] == "active"
    problem(call.post(route(identity, "resume"), REASON), 409, "wrong_state")


def test_quarantine_and_release(call, problem, admin):
    identity = bots.identity(of=admin.tenant)
    stopped = call.as_(admin).post(route(identity, "quarantine"), REASON).json()
    assert stopped["state"] == "quarantined"
    assert stopped["revocationSeconds"] > 0
    problem(call.post(route(identity, "quarantine"), REASON), 409, "already_quarantined")
    for command in ("enable", "disable"):
        problem(call.post(route(identity, command), REASON), 409, "wrong_state")
    released = call.post(route(identity, "release"), REASON).json()
    assert (released["id"], released["state"]) == (str(identity.pk), "active")
    stops = call.get(route(identity, "quarantines")).json()["results"]
    assert (stops[0]["phase"], stops[0]["releasedBy"]) == ("released", admin.email)
    problem(call.post(route(identity, "release"), REASON), 409, "not_quarantined")


def test_of_high_tier_the_first_call_asks_and_another_person_releases(call, admin):
    identity = bots.identity(of=admin.tenant, risk_tier="high")
    second = cast.person(of=admin.tenant, created_at=admin.created_at)
    call.as_(admin).post(route(identity, "quarantine"), REASON)
    for _ in range(2):
        asked = call.post(route(identity, "release"), REASON).json()
        assert asked["state"] == "quarantined"
        stop = call.get(route(identity, "quarantines")).json()["results"][0]
        assert (stop["phase"], stop["releaseAskedBy"]) == ("complete", admin.email)
    assert call.as_(second).post(route(identity, "release"), REASON).json()["state"] == "active"


def test_a_machine_with_the_permission_stops_and_resumes_and_never_releases(call, problem, admin):
    machine = bots.bot(of=admin.tenant, permissions=("identity.quarantine",))
    first, second = bots.identity(of=admin.tenant), bots.identity(of=admin.tenant)
    call.as_(machine)
    assert call.post(route(first, "pause"), REASON).json()["state"] == "paused"
    assert call.post(route(first, "resume"), REASON).json()["state"] == "active"
    assert call.post(route(second, "quarantine"), REASON).json()["state"] == "quarantined"
    for command in ("release", "drill"):
        problem(call.post(route(second, command), REASON), 403, "insufficient_scope")


def test_the_answers_of_a_quarantined_machines_own_token_end_at_once(call, problem, admin):
    machine = bots.bot(of=admin.tenant, permissions=("identity.read",))
    assert call.as_(machine).get("/api/identities").status_code == 200
    quarantine(machine.identity, reason="incident", actor=SYSTEM)
    problem(call.get("/api/identities"), 401)


# The runbook


@pytest.fixture
def stop(admin) -> Quarantine:
    identity = bots.identity(of=admin.tenant, issuance="external", revocation_procedure="Call them\nWait")
    return quarantine(identity, reason="incident", actor=SYSTEM)


def test_it_is_contained_here_until_the_last_required_line_is_ticked(call, problem, admin, stop):
    where = f"/api/quarantines/{stop.pk}"
    whole = call.as_(admin).get(where).json()
    assert (whole["phase"], whole["secondsToRevoke"]) == ("contained", None)
    for line in whole["lines"]:
        last = call.post(f"{where}/lines/{line['id']}/done", {"note": "done"}).json()
    assert last["phase"] == "complete"
    assert last["secondsToRevoke"] > 0
    assert {line["doneBy"] for line in last["lines"]} == {admin.email}
    problem(call.post(f"{where}/lines/{line['id']}/done", {}), 409, "line_done")


def test_a_line_of_another_quarantine_is_not_there(call, problem, admin, stop):
    other = quarantine(bots.identity(of=admin.tenant), reason="incident", actor=SYSTEM)
    problem(call.as_(admin).post(f"/api/quarantines/{other.pk}/lines/{stop.lines.first().pk}/done", {}), 404)


def test_an_analyst_ticks_what_is_given_to_them(call, problem, admin, stop):
    analyst, line = cast.person(of=admin.tenant, role="ANALYST"), stop.lines.first()
    where = f"/api/quarantines/{stop.pk}/lines/{line.pk}"
    problem(call.as_(analyst).post(f"{where}/done", {}), 403)
    problem(call.post(f"{where}/assign", {"assigneeId": str(analyst.pk)}), 403)
    stranger = cast.person()
    answer = call.as_(admin).post(f"{where}/assign", {"assigneeId": str(stranger.pk)})
    assert set(problem(answer, 400)["errors"]) == {"assigneeId"}
    given = call.post(f"{where}/assign", {"assigneeId": str(analyst.pk)}).json()
    assert given["lines"][0]["assignee"]["label"] == analyst.email
    assert call.as_(analyst).post(f"{where}/done", {}).json()["lines"][0]["doneBy"] == analyst.email


def test_the_evidence_is_the_file_that_the_digest_is_of(call, problem, admin, stop):
    where = f"/api/quarantines/{stop.pk}/evidence"
    answer = call.as_(admin).get(where)
    digest = call.get(f"/api/quarantines/{stop.pk}").json()["evidenceDigest"]
    assert hashlib.sha256(answer.content).hexdigest() == digest == answer["X-Evidence-SHA256"]
    assert "attachment" in answer["Content-Disposition"]
    for role in ("ANALYST", "READ_ONLY"):
        problem(call.as_(cast.person(of=admin.tenant, role=role)).get(where), 403)


def test_lists_are_filtered_by_phase_cause_and_identity(call, admin, stop):
    drill = drills.rehearse(bots.identity(of=admin.tenant), actor=SYSTEM)
    drills.end_due(timezone.now() + timedelta(hours=1))
    call.as_(admin)

    def ids(query: str = "") -> list[str]:
        return [row["id"] for row in call.get(f"/api/quarantines{query}").json()["results"]]

    assert ids() == [str(drill.pk), str(stop.pk)]
    assert ids("?phase=contained") == ids("?cause=person") == ids(f"?identityId={stop.identity_id}") == [str(stop.pk)]
    assert ids("?phase=released") == ids("?cause=drill") == [str(drill.pk)]
    assert ids("?phase=complete") == []
    own = call.get(route(drill.identity, "quarantines")).json()["results"]
    assert [row["id"] for row in own] == [str(drill.pk)]


def test_a_list_takes_the_same_queries_for_one_and_for_many(call, admin, django_assert_max_num_queries):
    for _ in range(6):
        quarantine(bots.identity(of=admin.tenant), reason="incident", actor=SYSTEM)
    call.as_(admin).get("/api/quarantines")
    with django_assert_max_num_queries(6):
        assert len(call.get("/api/quarantines").json()["results"]) == 6
