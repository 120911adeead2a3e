"""Every refusal is a problem document, whatever was sent; nothing that is sent makes a 500."""

import json

import pytest

from audit.models import AuditEvent
from identities.policies.models import AuthorizationDecision
from tests.factories import people as cast, tokens as bots

pytestmark = pytest.mark.django_db
ROLES = "/api/roles"
NEW = {"name": "payroll-executor", "permissions": ["workflow.execute"]}


@pytest.fixture
def admin(call):
    return call.as_(cast.person())


def raw(caller, content, content_type="application/json"):
    return caller.ask("post", ROLES, content, content_type=content_type)


def test_no_token_is_a_401_with_a_bare_challenge(call, problem):
    answer = call.get(ROLES)
    problem(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"] == 'Bearer realm="steward"'


@pytest.mark.parametrize(
    "header",
    ["Bearer x", "Bearer", "Bearer a.b.c", "bearer \x00", "Bearer " + "a" * 20_000, "Bearer é.é.é", "Bearer a b"],
)
def test_a_token_that_does_not_hold_is_a_401_that_says_invalid_token(call, problem, header):
    answer = call.with_(Authorization=header).get(ROLES)
    problem(answer, 401, "invalid_token")
    assert answer["WWW-Authenticate"].startswith('Bearer realm="steward", error="invalid_token"')


def test_another_scheme_is_no_token_at_all(call, problem):
    problem(call.with_(Authorization="Basic YTpi").get(ROLES), 401, "not_authenticated")


def test_a_token_in_the_query_is_not_looked_at(call, problem):
    problem(call.get(f"{ROLES}?access_token=x"), 401, "not_authenticated")


def test_a_machine_without_the_permission_is_told_which_one(call, problem):
    answer = call.as_(bots.bot()).get(ROLES)
    body = problem(answer, 403, "insufficient_scope")
    assert body["detail"] == "Missing role.read permission"
    assert answer["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="role.read"'


def test_a_route_for_people_names_no_permission_to_a_machine(call, problem):
    answer = call.as_(bots.bot(permissions=("identity.read",))).get("/api/auth/me")
    body = problem(answer, 403, "insufficient_scope")
    assert body["detail"] == "Not open to managed identities"
    assert answer["WWW-Authenticate"] == 'Bearer error="insufficient_scope"'


def test_a_person_is_not_sent_for_a_scope_that_no_token_has(call, problem):
    answer = call.as_(cast.person(role="READ_ONLY")).post(ROLES, NEW)
    problem(answer, 403, "forbidden")
    assert answer["WWW-Authenticate"] == 'Bearer error="insufficient_scope"'


def test_a_person_whose_role_does_not_reach_gets_403_and_the_denial_is_recorded(call, problem):
    reader = cast.person(role="READ_ONLY")
    problem(call.as_(reader).post(ROLES, NEW), 403, "forbidden")
    decision = AuthorizationDecision.objects.get(outcome="deny")
    assert (decision.permission, decision.resource_kind, decision.actor_id) == ("govern", "role", str(reader.pk))
    assert AuditEvent.objects.get(type="authorization.denied").actor_label == reader.email


def test_an_unknown_member_is_named_and_nothing_is_made(admin, problem):
    body = problem(admin.post(ROLES, {**NEW, "isAdmin": True, "": 1}), 400, "invalid")
    assert body["errors"] == {"isAdmin": ["There is no such member."], "body": ["There is no such member."]}
    assert admin.get(ROLES).json()["results"] == []


def test_snake_case_is_not_understood(admin, problem):
    body = problem(admin.post(ROLES, {**NEW, "tenant_id": str(cast.tenant().pk)}), 400)
    assert "tenant_id" in body["errors"] or "tenantId" in body["errors"]


@pytest.mark.parametrize("written", [{"name": 5}, {"description": 0}, {"description": True}, {"tenantId": 5}])
def test_a_value_of_another_type_is_refused_not_converted(admin, problem, written):
    assert problem(admin.post(ROLES, {**NEW, **written}), 400, "invalid")["errors"].keys() == written.keys()
    assert admin.get(ROLES).json()["results"] == []


@pytest.mark.parametrize(
    "written", [{"rotationIntervalDays": "30"}, {"internetExposed": "true"}, {"internetExposed": 1}]
)
def test_a_text_that_looks_like_a_number_is_still_a_text(admin, problem, written):
    new = {"name": "payroll-runner", "environment": "production", "purpose": "Payroll"}
    assert problem(admin.post("/api/identities", {**new, **written}), 400, "invalid")["errors"].keys() == written.keys()


def test_a_missing_member_is_named(admin, problem):
    assert problem(admin.post(ROLES, {}), 400)["errors"].keys() == {"name", "permissions"}


@pytest.mark.parametrize("body", [[], "x", 7, None, True, [NEW]])
def test_a_body_that_is_no_object_is_a_400(admin, problem, body):
    problem(raw(admin, json.dumps(body)), 400)


@pytest.mark.parametrize(
    "content",
    [
        "{", "{'a':1}", '{"name":NaN}', '{"name":"a","name":"b"}', b"\xff\xfe", "[" * 100_000, '{"name":"\\u0000"}',
        '{"name":"\\ud800"}', '{"\\u0000":1}', '{"a":' * 70 + "1" + "}" * 70, "1" * 5000, '{"a":Infinity}',
        '{"a":1e999}', '{"a":[-1E400]}', json.dumps({str(number): number for number in range(1001)}),
    ],
)  # fmt: skip
def test_what_is_not_well_formed_json_is_a_400(admin, problem, content):
    problem(raw(admin, content), 400, "malformed")


def test_a_body_over_one_mebibyte_is_a_413(admin, problem):
    problem(raw(admin, json.dumps({"name": "x" * (1 << 20)})), 413, "body_too_large")


@pytest.mark.parametrize("path", ["/api/schema", "/api/docs", "/api/docs/redoc"])
@pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
def test_the_document_and_its_readers_are_only_read(call, problem, path, method):
    answer = call.ask(method, path)
    problem(answer, 405)
    assert "GET" in answer["Allow"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "x"])
def test_a_body_that_is_not_json_is_a_415(admin, problem, content_type):
    problem(raw(admin, "name=x", content_type), 415)


def test_a_method_that_the_route_lacks_is_a_405_with_allow(admin, problem):
    answer = admin.delete(ROLES)
    problem(answer, 405)
    assert "GET" in answer["Allow"]
    assert "POST" in answer["Allow"]
    problem(admin.ask("options", ROLES), 405)


@pytest.mark.parametrize(
    "path",
    [
        "/api/nothing", "/api/roles/", "/api/roles/not-an-id", "/api/", "/api/roles/x/y", "/api/roles/%0A", "/api",
        "/flowstudio", "/flowstudio/", "/flowstudio/ui/%0A", "/flowstudio/api", "/flowstudio/api/",
    ],
)  # fmt: skip
def test_a_route_that_is_not_there_is_a_404_document(admin, problem, path):
    problem(admin.get(path), 404, "not_found")
    problem(admin.post(path, {}), 404)


@pytest.mark.parametrize(
    "query",
    [
        "pageSize=201", "pageSize=0", "pageSize=x", "pageSize=-1", "pageSize=99999999999999999999", "nothing=1",
        "ordering=password", "ordering=tenant__name", "ordering=", "cursor=x", "cursor=%00", "pageSize=5&pageSize=6",
        "tenantId=x", "page_size=5", "name=%00",
    ],
)  # fmt: skip
def test_a_query_that_does_not_fit_is_a_400(admin, problem, query):
    assert problem(admin.get(f"{ROLES}?{query}"), 400)["errors"]


def test_every_answer_carries_the_correlation_id_that_was_sent(admin):
    answer = admin.get("/api/nothing", headers={"X-Correlation-ID": "abc-123-abc-123"})
    assert answer["X-Correlation-ID"] == "abc-123-abc-123"
    assert admin.get("/api/nothing", headers={"X-Correlation-ID": "a b\tc"})["X-Correlation-ID"] != "a b\tc"


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "", "nonsense"])
def test_json_is_answered_whatever_is_asked_for(admin, accept):
    answer = admin.get(f"{ROLES}", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"


def test_a_session_needs_the_csrf_token_to_write(problem):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.person(), backend="identities.access.backends.PortalBackend")
    assert client.get(ROLES).status_code == 200
    problem(client.post(ROLES, json.dumps(NEW), content_type="application/json"), 403)


def test_a_service_users_session_opens_nothing(client, problem):
    client.force_login(cast.agent(), backend="identities.access.backends.PortalBackend")
    problem(client.get(ROLES), 401)


def test_an_error_of_our_own_is_a_500_document_without_a_word_of_it(call, problem, monkeypatch):
    from identities.api import roles

    def fall(*_, **__):
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr(roles.selectors, "roles", fall)
    call._client.raise_request_exception = False
    answer = call.as_(cast.person()).get(ROLES)
    problem(answer, 500, "internal_error")
    assert b"swordfish" not in answer.content
