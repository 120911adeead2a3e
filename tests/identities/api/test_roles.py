"""Roles and role bindings over the API."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from identities.access.models import RoleBinding
from identities.inventory import usage
from tests.factories import people as cast, tokens as bots

pytestmark = pytest.mark.django_db
ROLE = {"name": "payroll-executor", "permissions": ["workflow.execute"]}


@pytest.fixture
def admin():
    return cast.person()


@pytest.fixture
def bot(admin):
    return bots.bot(of=admin.tenant)


def binding(bot, **members):
    until = timezone.now() + timedelta(days=30)
    return {
        "identityId": str(bot.identity.pk),
        "role": "payroll-executor",
        "validUntil": until.isoformat(),
        "reason": "Runs the payroll",
        **members,
    }


def test_a_role_is_made_read_changed_and_deleted(call, admin):
    made = call.as_(admin).post("/api/roles", {**ROLE, "description": "Runs the payroll"})
    assert made.status_code == 201
    body = made.json()
    assert set(body) == {"id", "tenantId", "name", "description", "permissions", "createdAt", "updatedAt"}
    where = f"/api/roles/{body['id']}"
    assert call.get(where).json() == body
    changed = call.patch(where, {"permissions": ["run.read", "identity.read"]}).json()
    assert (changed["permissions"], changed["name"]) == (["identity.read", "run.read"], "payroll-executor")
    assert call.delete(where).status_code == 204
    assert call.get(where).status_code == 404


def test_an_unknown_permission_is_a_400_that_names_it(call, problem, admin):
    body = problem(call.as_(admin).post("/api/roles", {**ROLE, "permissions": ["workflow.execute", "root"]}), 400)
    assert body["errors"] == {"permissions": ["There is no permission 'root'."]}


@pytest.mark.parametrize("permissions", ["workflow.execute", [1, {}], [["x"]], [None], {"a": 1}, None])
def test_permissions_that_are_no_list_of_names_are_a_400(call, problem, admin, permissions):
    errors = problem(call.as_(admin).post("/api/roles", {**ROLE, "permissions": permissions}), 400)["errors"]
    assert all(member.startswith("permissions") for member in errors)


def test_a_name_that_is_taken_is_a_400(call, problem, admin):
    call.as_(admin).post("/api/roles", ROLE)
    problem(call.post("/api/roles", {**ROLE, "name": "PAYROLL-executor"}), 400, "name_taken")


def test_a_role_that_is_held_is_not_deleted(call, problem, admin, bot):
    role = call.as_(admin).post("/api/roles", ROLE).json()
    call.post("/api/roleBindings", binding(bot))
    problem(call.delete(f"/api/roles/{role['id']}"), 409, "role_in_use")


def test_a_binding_is_made_by_the_roles_name_or_id_and_shown_whole(call, admin, bot):
    role = call.as_(admin).post("/api/roles", ROLE).json()
    made = call.post("/api/roleBindings", binding(bot))
    assert made.status_code == 201
    body = made.json()
    assert set(body) == {
        "id", "identityId", "role", "roleId", "validFrom", "validUntil", "isEffective", "reason", "grantedBy",
        "lastUsedAt", "endedAt", "endedReason", "createdAt",
    }  # fmt: skip
    assert (body["role"], body["roleId"], body["isEffective"]) == ("payroll-executor", role["id"], True)
    assert body["grantedBy"] == {"id": str(admin.pk), "label": admin.email}
    later = {"validFrom": body["validUntil"], "validUntil": "2099-01-01T00:00:00Z"}
    assert call.post("/api/roleBindings", binding(bot, role=role["id"], **later)).status_code == 201


@pytest.mark.parametrize("member", ["validUntil", "reason", "identityId", "role"])
def test_a_binding_without_an_end_or_a_reason_is_refused(call, problem, admin, bot, member):
    call.as_(admin).post("/api/roles", ROLE)
    body = binding(bot)
    del body[member]
    assert problem(call.post("/api/roleBindings", body), 400)["errors"].keys() == {member}


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("validUntil", "2001-01-01T00:00:00Z"),
        ("validUntil", "soon"),
        ("validUntil", "9999-12-31T23:59:59-23:00"),
        ("validUntil", 7),
        ("validFrom", "2999-01-01T00:00:00Z"),
        ("reason", " "),
        ("reason", "x" * 501),
        ("identityId", "nobody"),
    ],
)
def test_what_does_not_fit_in_a_binding_is_named(call, problem, admin, bot, member, value):
    call.as_(admin).post("/api/roles", ROLE)
    errors = problem(call.post("/api/roleBindings", binding(bot, **{member: value})), 400)["errors"]
    assert errors.keys() == {"validUntil" if member == "validFrom" else member}


def test_unknown_and_foreign_identity_and_role_are_the_same_400(call, problem, admin, bot):
    call.as_(admin).post("/api/roles", ROLE)
    stranger = bots.bot()
    theirs = bots.grant(stranger.identity, "workflow.execute", name="theirs")
    identities = [
        problem(call.post("/api/roleBindings", binding(bot, identityId=str(of))), 400)
        for of in (stranger.identity.pk, uuid4())
    ]
    roles = [
        problem(call.post("/api/roleBindings", binding(bot, role=name)), 400)
        for name in ("theirs", str(theirs.pk), "nobody-knows")
    ]
    assert identities[0] == identities[1]
    assert identities[0]["errors"].keys() == {"identityId"}
    assert roles[0] == roles[1] == roles[2]
    assert roles[0]["errors"].keys() == {"role"}


def test_the_same_role_twice_at_once_is_a_conflict(call, problem, admin, bot):
    call.as_(admin).post("/api/roles", ROLE)
    call.post("/api/roleBindings", binding(bot))
    problem(call.post("/api/roleBindings", binding(bot)), 409, "role_binding_overlaps")


def test_a_binding_ends_with_a_reason_and_stays_as_evidence(call, problem, admin, bot):
    call.as_(admin).post("/api/roles", ROLE)
    where = f"/api/roleBindings/{call.post('/api/roleBindings', binding(bot)).json()['id']}"
    problem(call.post(f"{where}/end", {}), 400)
    ended = call.post(f"{where}/end", {"reason": "The job was moved"}).json()
    assert (ended["isEffective"], ended["endedReason"]) == (False, "The job was moved")
    problem(call.post(f"{where}/end", {"reason": "again"}), 409, "role_binding_ended")
    assert call.get(where).status_code == 200


@pytest.mark.parametrize(("body", "reason"), [(None, "Ended over the API"), ({"reason": "moved"}, "moved")])
def test_delete_ends_a_binding_too(call, admin, bot, body, reason):
    call.as_(admin).post("/api/roles", ROLE)
    made = call.post("/api/roleBindings", binding(bot)).json()
    assert call.delete(f"/api/roleBindings/{made['id']}", body).status_code == 204
    assert RoleBinding.objects.get().ended_reason == reason


def test_bindings_are_filtered(call, admin, bot):
    call.as_(admin).post("/api/roles", ROLE)
    call.post("/api/roles", {**ROLE, "name": "reader"})
    made = call.post("/api/roleBindings", binding(bot)).json()
    call.post("/api/roleBindings", binding(bot, role="reader"))
    call.post(f"/api/roleBindings/{made['id']}/end", {"reason": "moved"})

    def roles(query):
        return sorted(row["role"] for row in call.get(f"/api/roleBindings?{query}").json()["results"])

    assert roles(f"identityId={bot.identity.pk}") == ["payroll-executor", "reader"]
    assert roles(f"identityId={uuid4()}") == []
    assert roles("role=READER") == roles("isEffective=true") == ["reader"]
    assert roles("isEffective=false") == ["payroll-executor"]


def test_a_granted_role_opens_the_api_to_a_machine_until_it_ends_and_its_use_is_noted(call, admin, bot):
    call.as_(admin).post("/api/roles", {"name": "reader", "permissions": ["role.read"]})
    made = call.post("/api/roleBindings", binding(bot, role="reader")).json()
    assert call.as_(bot).get("/api/roles").status_code == 200
    usage.flush()
    assert RoleBinding.objects.get().last_used_at is not None
    call.as_(admin).post(f"/api/roleBindings/{made['id']}/end", {"reason": "moved"})
    assert call.as_(bot).get("/api/roles").status_code == 403


def test_an_analyst_reads_and_does_not_grant(call, problem, admin, bot):
    call.as_(admin).post("/api/roles", ROLE)
    analyst = cast.person(of=admin.tenant, role="ANALYST")
    assert len(call.as_(analyst).get("/api/roles").json()["results"]) == 1
    problem(call.post("/api/roleBindings", binding(bot)), 403, "forbidden")


@pytest.mark.parametrize("size", [1, 20])
@pytest.mark.parametrize("path", ["/api/roles", "/api/roleBindings"])
def test_lists_take_two_queries_however_long_they_are(call, admin, django_assert_num_queries, path, size):
    for _ in range(size):
        bots.bot(of=admin.tenant, permissions=("run.read",))
    call.as_(admin)
    with django_assert_num_queries(2):  # the caller, the rows
        assert len(call.get(path).json()["results"]) == size


def test_a_machine_costs_one_query_more_than_the_answer(call, django_assert_num_queries):
    call.as_(bots.bot(permissions=("role.read",)))
    call.get("/api/roles")
    with django_assert_num_queries(2):  # identity, token and roles in one; the rows
        assert call.get("/api/roles").status_code == 200
