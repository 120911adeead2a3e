"""Approvals over the API: what is refused, the words, what is shown, and who may read it."""

import pytest

from audit.models import AuditEvent
from identities.inventory import services as inventory
from identities.people.models import PortalRole
from tests.factories import approvals, register, tokens as bots
from tests.factories.approvals import SYSTEM, agent, asked, content_of, seen, veteran

pytestmark = pytest.mark.django_db
REASON = {"reason": "Looked at it"}


@pytest.fixture(autouse=True)
def nothing_heard():
    approvals.seen()


@pytest.fixture
def tenant():
    return register.tenant()


@pytest.fixture
def asker(tenant):
    return veteran(tenant)


@pytest.fixture
def governor(tenant):
    return veteran(tenant)


@pytest.fixture
def owner(tenant):
    return veteran(tenant, PortalRole.ANALYST)


@pytest.fixture
def bot(tenant, owner):
    return register.identity(tenant, technical_owner=str(owner.pk))


def route(row, command: str = "") -> str:
    return f"/api/approvals/{row.pk}{'/' if command else ''}{command}"


@pytest.mark.parametrize("command", ["reject", "withdraw"])
def test_a_no_and_taking_it_back_want_a_reason(call, problem, bot, asker, command):
    answer = call.as_(asker).post(route(asked(bot, asker), command), {})
    assert set(problem(answer, 400)["errors"]) == {"reason"}


@pytest.mark.parametrize("body", [{"contentHash": "x"}, {"contentHash": 5}, {"need": "owner"}, {"state": "approved"}])
def test_a_body_that_does_not_fit_is_a_400(call, problem, bot, asker, owner, body):
    answer = call.as_(owner).post(route(asked(bot, asker), "approve"), body)
    assert set(problem(answer, 400)["errors"]) == set(body)


def test_nobody_approves_or_rejects_their_own(call, problem, bot, asker):
    approval = asked(bot, asker)
    for command in ("approve", "reject"):
        problem(call.as_(asker).post(route(approval, command), REASON), 403, "own_request")
    assert AuditEvent.objects.filter(type="approval.vote_refused", actor_id=str(asker.pk)).count() == 2
    assert seen() == []


def test_no_machine_gives_a_word(call, problem, bot, asker, tenant):
    approval, robot = asked(bot, asker), bots.bot(of=tenant)
    bots.grant(robot.identity, "identity.read", "identity.write", "review.read")
    for command in ("approve", "reject", "withdraw"):
        problem(call.as_(robot).post(route(approval, command), REASON), 403)
    service_user = agent(of=tenant, role=PortalRole.ADMIN)
    problem(call.as_(service_user).post(route(approval, "approve"), REASON), 403, "not_a_person")


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.AUDITOR])
def test_who_only_reads_gives_no_word(call, problem, bot, asker, tenant, role):
    approval = asked(bot, asker)
    call.as_(veteran(tenant, role))
    for command in ("approve", "reject", "withdraw"):
        problem(call.post(route(approval, command), REASON), 403, "forbidden")
    assert call.get(route(approval)).status_code == 200


def test_an_analyst_who_owns_nothing_of_it_gives_no_word(call, problem, bot, asker, tenant):
    answer = call.as_(veteran(tenant, PortalRole.ANALYST)).post(route(asked(bot, asker), "approve"), REASON)
    problem(answer, 403, "not_entitled")


def test_another_tenants_is_not_there(call, problem, bot, asker):
    approval = asked(bot, asker)
    call.as_(veteran(register.tenant()))
    problem(call.get(route(approval)), 404)
    for command in ("approve", "reject", "withdraw"):
        problem(call.post(route(approval, command), REASON), 404)
    assert call.get("/api/approvals").json()["results"] == []


def test_two_people_approve(call, problem, bot, asker, owner, governor):
    approval = asked(bot, asker, ticket="OPS-1")
    seen_by_owner = call.as_(owner).get(route(approval)).json()
    assert seen_by_owner["refusal"] is None
    assert seen_by_owner["content"] == content_of(bot)
    half = call.post(route(approval, "approve"), {"contentHash": seen_by_owner["contentHash"]}).json()
    assert [(need["need"], need["isMet"]) for need in half["needs"]] == [("security", False), ("owner", True)]
    assert half["refusal"]["code"] == "already_voted"
    problem(call.post(route(approval, "approve"), {}), 403, "already_voted")
    done = call.as_(governor).post(route(approval, "approve"), REASON).json()
    assert (done["state"], done["needs"][0]["metBy"]) == ("approved", governor.email)
    problem(call.post(route(approval, "approve"), {}), 409, "already_decided")
    assert seen() == ["approved"]


def test_one_no_ends_it(call, bot, asker, owner):
    done = call.as_(owner).post(route(asked(bot, asker), "reject"), {"reason": "Too much"}).json()
    assert (done["state"], done["stateReason"]) == ("rejected", "Too much")


def test_who_asked_takes_it_back(call, problem, bot, asker, owner):
    approval = asked(bot, asker)
    problem(call.as_(owner).post(route(approval, "withdraw"), REASON), 403, "not_entitled")
    assert call.as_(asker).post(route(approval, "withdraw"), REASON).json()["state"] == "withdrawn"


def test_another_content_than_the_one_seen_is_a_409(call, problem, bot, asker, owner):
    approval = asked(bot, asker)
    problem(call.as_(owner).post(route(approval, "approve"), {"contentHash": "0" * 64}), 409, "changed_since")
    inventory.change(bot, facts={"purpose": "Sends money."}, actor=SYSTEM)
    problem(call.post(route(approval, "approve"), {"contentHash": approval.content_hash}), 409, "changed_since")
    assert call.get(route(approval)).json()["state"] == "superseded"
    anew = call.get("/api/approvals", {"state": "pending"}).json()["results"]
    assert [row["needs"][1]["isMet"] for row in anew] == [False]


def test_the_list_shows_what_waits_for_the_caller(call, problem, bot, asker, owner, tenant):
    mine, other = asked(bot, asker), asked(register.identity(tenant), asker, tier="medium")
    call.as_(owner)

    def found(**query: str) -> list[str]:
        return [row["id"] for row in call.get("/api/approvals", query).json()["results"]]

    assert found() == [str(other.pk), str(mine.pk)]
    assert found(mine="true") == [str(mine.pk)]
    assert found(riskTier="medium") == [str(other.pk)]
    assert found(subjectKind=mine.subject_kind, identityId=str(bot.pk)) == [str(mine.pk)]
    assert found(state="approved") == []
    assert set(problem(call.get("/api/approvals", {"state": "x"}), 400)["errors"]) == {"state"}
