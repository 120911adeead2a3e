"""Tenants and teams over the API."""

from uuid import uuid4

import pytest

from audit.models import AuditEvent
from identities.people.models import Team
from tests.factories import people as cast, tokens as bots

pytestmark = pytest.mark.django_db


def test_only_the_platform_administrator_makes_and_renames_tenants(call, problem):
    admin = cast.person()
    problem(call.as_(admin).post("/api/tenants", {"name": "Mine"}), 403, "forbidden")
    problem(call.as_(admin).patch(f"/api/tenants/{admin.tenant_id}", {"name": "Mine"}), 403, "forbidden")
    made = call.as_(cast.platform_admin()).post("/api/tenants", {"name": "Acme Payroll"})
    assert made.status_code == 201
    body = made.json()
    assert {"name": "Acme Payroll", "slug": "acme-payroll", "isDemo": False}.items() <= body.items()
    renamed = call.patch(f"/api/tenants/{body['id']}", {"name": "Acme"}).json()
    assert (renamed["name"], renamed["slug"]) == ("Acme", "acme-payroll")


def test_a_tenants_name_that_is_taken_is_named(call, problem):
    cast.tenant("Acme")
    body = problem(call.as_(cast.platform_admin()).post("/api/tenants", {"name": "acme"}), 400, "name_taken")
    assert body["errors"] == {"name": ["There is a tenant of this name."]}


@pytest.mark.parametrize(("role", "count"), [("READ_ONLY", 1), ("ADMIN", 1), ("AUDITOR", 3)])
def test_the_list_of_tenants_is_as_long_as_the_roles_reach(call, role, count):
    cast.tenant()
    cast.tenant()
    assert len(call.as_(cast.person(role=role)).get("/api/tenants").json()["results"]) == count


def test_a_team_is_made_changed_joined_and_left(call):
    admin = cast.person()
    member = cast.person(of=admin.tenant, role="ANALYST")
    made = call.as_(admin).post("/api/teams", {"name": "Payroll", "email": "Pay@example.com"})
    assert made.status_code == 201
    team = f"/api/teams/{made.json()['id']}"
    assert made.json()["email"] == "pay@example.com"
    assert call.patch(team, {"name": "Payroll ops"}).json()["name"] == "Payroll ops"
    joined = call.post(f"{team}/members", {"userId": str(member.pk)})
    assert joined.json()["members"] == [{"id": str(member.pk), "label": member.email}]
    assert call.delete(f"{team}/members/{member.pk}").status_code == 204
    assert call.get(team).json()["members"] == []
    assert AuditEvent.objects.filter(subject_kind="team", actor_id=str(admin.pk)).count() == 4


def test_an_unknown_and_a_foreign_user_are_the_same_400(call, problem):
    admin, stranger = cast.person(), cast.person()
    team = cast.team(of=admin.tenant)
    answers = [
        problem(call.as_(admin).post(f"/api/teams/{team.pk}/members", {"userId": str(user)}), 400)
        for user in (stranger.pk, uuid4())
    ]
    assert answers[0] == answers[1]
    assert answers[0]["errors"] == {"userId": ["There is no such user."]}


def test_twice_the_same_member_is_a_conflict(call, problem):
    admin = cast.person()
    team = cast.team(admin, of=admin.tenant)
    problem(call.as_(admin).post(f"/api/teams/{team.pk}/members", {"userId": str(admin.pk)}), 409, "already_a_member")


def test_a_tenant_in_a_body_is_for_the_platform_administrator(call, problem):
    other = cast.tenant()
    body = {"name": "Payroll", "tenantId": str(other.pk)}
    assert problem(call.as_(cast.person()).post("/api/teams", body), 400)["errors"].keys() == {"tenantId"}
    assert call.as_(cast.platform_admin()).post("/api/teams", body).status_code == 201
    assert Team.objects.get().tenant == other


def test_a_machine_with_the_permission_reads_teams_and_its_own_tenant(call):
    bot = bots.bot(permissions=("identity.read",))
    cast.team(of=bot.identity.tenant, name="Payroll")
    assert [team["name"] for team in call.as_(bot).get("/api/teams").json()["results"]] == ["Payroll"]
    assert [tenant["id"] for tenant in call.get("/api/tenants").json()["results"]] == [str(bot.identity.tenant_id)]


@pytest.mark.parametrize("size", [1, 20])
def test_a_list_of_teams_takes_as_many_queries_however_long_it_is(call, django_assert_num_queries, size):
    reader = cast.person(role="READ_ONLY")
    for _ in range(size):
        cast.team(cast.person(of=reader.tenant), of=reader.tenant)
    call.as_(reader)
    with django_assert_num_queries(3):  # the caller, the teams, their members
        assert len(call.get("/api/teams").json()["results"]) == size


def test_a_list_of_tenants_takes_two_queries(call, django_assert_num_queries):
    call.as_(cast.person(role="AUDITOR"))
    cast.tenant()
    with django_assert_num_queries(2):
        assert len(call.get("/api/tenants").json()["results"]) == 2
