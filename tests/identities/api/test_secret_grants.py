"""Grants of secrets over the API: an ANALYST asks, an ADMIN grants and decides, the list says where each stands."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from identities.access import secret_grants
from identities.access.models import SecretGrant
from identities.vaults import services as vaults
from scheduling.services import reading
from tests.factories import people as cast, runs, tokens as bots

DAY = timedelta(days=1)
PLACE = {"provider": "local", "vaultUri": "local://default", "secretName": "crm"}


@pytest.fixture
def tenant(call):
    vaults.ensure_default()
    return cast.tenant()


@pytest.fixture
def bot(tenant):
    return bots.identity(of=tenant)


@pytest.fixture
def admin(tenant):
    return cast.person(of=tenant)


@pytest.fixture
def analyst(tenant):
    return cast.person(of=tenant, role="ANALYST")


def asking(bot, **more):
    until = (timezone.now() + DAY).isoformat()
    body = {"identityId": str(bot.pk), "secretReference": PLACE, "validUntil": until, "reason": "the export"}
    return {name: value for name, value in (body | more).items() if value is not None}


def made(bot, name="crm"):
    return secret_grants.grant(
        bot, PLACE | {"secretName": name}, valid_until=timezone.now() + DAY, reason="tests", actor=cast.SYSTEM
    )


@pytest.mark.parametrize("role", ["READ_ONLY", "AUDITOR"])
def test_who_only_reads_may_not_ask(call, problem, bot, role):
    problem(call.as_(cast.person(of=bot.tenant, role=role)).post("/api/secretGrants", asking(bot)), 403)


@pytest.mark.parametrize(
    ("changed", "member"),
    [
        ({"identityId": None}, "identityId"),
        ({"identityId": str(uuid4())}, "identityId"),
        ({"scheduleId": str(uuid4())}, "scheduleId"),
        ({"identityId": None, "scheduleId": str(uuid4())}, "scheduleId"),
        ({"reason": None}, "reason"),
        ({"reason": " "}, "reason"),
        ({"validUntil": None}, "validUntil"),
        ({"validUntil": "2020-01-01T00:00:00Z"}, "validUntil"),
        ({"secretReference": PLACE | {"secretName": "../x"}}, "secretReference.secretName"),
        ({"secretReference": PLACE | {"vaultUri": "local://nowhere"}}, "secretReference.vaultUri"),
        ({"secretReference": {"provider": "local"}}, "secretReference.vaultUri"),
        ({"state": "granted"}, "state"),
    ],
)
def test_what_does_not_fit_is_named(call, problem, admin, bot, changed, member):
    body = problem(call.as_(admin).post("/api/secretGrants", asking(bot, **changed)), 400)
    assert member in body["errors"]
    assert not SecretGrant.objects.exists()


def test_a_foreign_identity_or_schedule_looks_unknown(call, problem, admin):
    theirs = bots.identity()
    problem(call.as_(admin).post("/api/secretGrants", asking(theirs)), 400)
    schedule = runs.schedule(of=theirs.tenant, managed_identity_id=theirs.pk)
    body = asking(theirs, identityId=None, scheduleId=str(schedule.pk))
    assert "scheduleId" in problem(call.as_(admin).post("/api/secretGrants", body), 400)["errors"]


def test_an_administrator_grants_at_once(call, admin, bot):
    answer = call.as_(admin).post("/api/secretGrants", asking(bot))
    assert answer.status_code == 201
    body = answer.json()
    assert (body["state"], body["secretReference"], body["scheduleId"]) == ("granted", PLACE, None)
    assert (body["decidedBy"], body["lastUsedAt"], body["uses"]) == (admin.email, None, 0)
    assert call.get(f"/api/secretGrants/{body['id']}").json() == body


def test_an_analyst_asks_and_somebody_else_decides(call, problem, analyst, admin, bot):
    asked = call.as_(analyst).post("/api/secretGrants", asking(bot)).json()
    assert asked["state"] == "asked"
    problem(call.post(f"/api/secretGrants/{asked['id']}/approve", {"reason": "mine"}), 403)
    until = (timezone.now() + 5 * DAY).replace(microsecond=0)
    body = {"reason": "fine", "validUntil": until.isoformat()}
    given = call.as_(admin).post(f"/api/secretGrants/{asked['id']}/approve", body)
    assert given.status_code == 200
    assert (given.json()["state"], given.json()["decidedReason"]) == ("granted", "fine")
    problem(call.post(f"/api/secretGrants/{asked['id']}/reject", {"reason": "no"}), 409, "secret_grant_decided")


def test_an_administrator_does_not_decide_their_own_asking(call, problem, analyst, bot):
    asked = call.as_(analyst).post("/api/secretGrants", asking(bot)).json()
    analyst.role = "ADMIN"
    analyst.save()
    for verb in ("approve", "reject"):
        answer = call.as_(analyst).post(f"/api/secretGrants/{asked['id']}/{verb}", {"reason": "mine"})
        problem(answer, 403, "own_request")


def test_a_refusal_keeps_its_reason(call, analyst, admin, bot):
    asked = call.as_(analyst).post("/api/secretGrants", asking(bot)).json()
    refused = call.as_(admin).post(f"/api/secretGrants/{asked['id']}/reject", {"reason": "too wide"}).json()
    assert (refused["state"], refused["decidedReason"]) == ("refused", "too wide")


def test_the_same_twice_is_a_conflict(call, problem, admin, bot):
    made(bot)
    problem(call.as_(admin).post("/api/secretGrants", asking(bot)), 409, "secret_grant_stands")


def test_a_grant_is_extended_and_ended(call, problem, admin, bot):
    grant = made(bot)
    until = (timezone.now() + 90 * DAY).replace(microsecond=0)
    body = {"validUntil": until.isoformat(), "reason": "longer"}
    assert call.as_(admin).post(f"/api/secretGrants/{grant.pk}/extend", body).status_code == 200
    assert "reason" in problem(call.post(f"/api/secretGrants/{grant.pk}/end", {}), 400)["errors"]
    ended = call.post(f"/api/secretGrants/{grant.pk}/end", {"reason": "moved"}).json()
    assert (ended["state"], ended["endedReason"], ended["endedBy"]) == ("ended", "moved", admin.email)
    problem(call.post(f"/api/secretGrants/{grant.pk}/extend", body), 409)


def test_a_schedule_is_named_alone_and_read_as_the_one_it_runs_as(call, admin, bot):
    schedule = runs.schedule(of=bot.tenant, managed_identity_id=bot.pk, name="nightly")
    body = asking(bot, identityId=None, scheduleId=str(schedule.pk))
    made = call.as_(admin).post("/api/secretGrants", body).json()
    assert (made["identityId"], made["scheduleId"], made["schedule"]) == (str(bot.pk), str(schedule.pk), "nightly")


def test_the_list_is_filtered_and_keeps_to_the_tenant(call, admin, analyst, bot):
    made(bots.identity())
    first, second = made(bot), made(bot, "erp")
    secret_grants.end(second, reason="over", actor=cast.SYSTEM)
    other = bots.identity(of=bot.tenant)
    schedule = runs.schedule(of=bot.tenant, managed_identity_id=other.pk)
    reading.settle(schedule, actor=cast.SYSTEM)
    call.as_(analyst).post("/api/secretGrants", asking(other))

    def ids(**query):
        return {one["id"] for one in call.as_(admin).get("/api/secretGrants", query).json()["results"]}

    assert len(ids()) == 4
    assert ids(identityId=str(bot.pk)) == {str(first.pk), str(second.pk)}
    assert ids(state="ended") == {str(second.pk)}
    assert ids(secretName="crm", state="granted", vaultUri="LOCAL://default/") == {str(first.pk)}
    assert len(ids(scheduleId=str(schedule.pk))) == 1
    assert len(ids(state="asked")) == 1
    assert ids(vaultUri="%") == set()
    SecretGrant.objects.filter(pk=first.pk).update(valid_until=timezone.now() - DAY)
    assert ids(state="expired") == {str(first.pk)}


def test_an_unknown_state_is_a_400(call, problem, admin):
    problem(call.as_(admin).get("/api/secretGrants", {"state": "open"}), 400)


def test_the_list_costs_as_many_queries_with_one_as_with_many(call, admin, bot, django_assert_max_num_queries):
    for number in range(6):
        made(bot, f"name{number}")
    call.as_(admin).get("/api/secretGrants")
    with django_assert_max_num_queries(4):
        assert len(call.get("/api/secretGrants").json()["results"]) == 6
