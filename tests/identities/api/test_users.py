"""Accounts, as administrators make and govern them."""

from uuid import uuid4

import pytest

from audit.models import AuditEvent
from identities.api import users as face
from identities.inventory.models import ManagedIdentity
from identities.people import sign_in
from identities.people.models import PortalRole, RefreshToken, User
from tests.factories import people as cast, tokens as bots

pytestmark = pytest.mark.django_db
USERS = "/api/users"
PASSWORD = "Th1sIsAStrong!Pass"
AGENT = {
    "email": "reports-agent@aegis.local",
    "password": PASSWORD,
    "firstName": "Reports",
    "lastName": "Agent",
    "role": "ANALYST",
}
VAULT = {"provider": "local", "vaultUri": "local://default", "secretName": "reports-agent/tokens"}


@pytest.fixture
def admin(call):
    return call.as_(cast.person())


@pytest.fixture
def platform(call):
    return call.as_(cast.platform_admin())


@pytest.mark.parametrize("role", ["READ_ONLY", "ANALYST", "AUDITOR"])
def test_only_an_administrator_makes_and_sees_accounts(call, problem, role):
    for who in (cast.person(role=role), cast.agent(role=role)):
        for method, path in (("post", USERS), ("get", USERS), ("get", f"{USERS}/refresh-failures")):
            problem(call.as_(who).ask(method, path, AGENT if method == "post" else None), 403, "forbidden")
    assert not User.objects.filter(email=AGENT["email"]).exists()


def test_no_managed_identity_makes_an_account_whatever_it_may(call, problem):
    bot = bots.bot(permissions=("identity.write", "audit.read", "identity.read"))
    problem(call.as_(bot).post(USERS, AGENT), 403, "insufficient_scope")
    problem(call.as_(None).post(USERS, AGENT), 401, "not_authenticated")


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"email": "not an address"}, "email"),
        ({"email": None}, "email"),
        ({"password": "weak"}, "password"),
        ({"password": "Aa1-" * 33}, "password"),
        ({"password": 7}, "password"),
        ({"role": "OWNER"}, "role"),
        ({"role": "admin"}, "role"),
        ({"firstName": "x" * 81}, "firstName"),
        ({"isAgent": "yes"}, "isAgent"),
        ({"isAgent": True, "email": "ada@aegis.local"}, "isAgent"),
        ({"isAgent": True, "email": "-agent@aegis.local"}, "isAgent"),
        ({"isPlatformAdmin": True}, "isPlatformAdmin"),
        ({"isActive": False}, "isActive"),
        ({"id": str(uuid4())}, "id"),
        ({"tenantId": str(uuid4())}, "tenantId"),
        ({"owner": "nobody@aegis.local"}, "owner"),
        ({"isAgent": False, "owner": "x@aegis.local"}, "owner"),
        ({"isAgent": False, "storeTokensAt": VAULT}, "storeTokensAt"),
        ({"storeTokensAt": {**VAULT, "vaultUri": "local://nowhere"}}, "storeTokensAt.vaultUri"),
        ({"storeTokensAt": {"provider": "local"}}, "storeTokensAt.vaultUri"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_made(admin, problem, change, member):
    before = User.objects.count()
    errors = problem(admin.post(USERS, AGENT | change), 400)["errors"]
    assert member in errors
    assert (User.objects.count(), ManagedIdentity.objects.count()) == (before, 0)
    assert not AuditEvent.objects.filter(type="user.created").exists()


@pytest.mark.parametrize("missing", ["email", "password"])
def test_address_and_password_are_required(admin, problem, missing):
    body = {name: value for name, value in AGENT.items() if name != missing}
    assert missing in problem(admin.post(USERS, body), 400)["errors"]


def test_an_address_is_taken_whatever_its_case(admin, problem):
    assert admin.post(USERS, AGENT).status_code == 201
    problem(admin.post(USERS, AGENT | {"email": " Reports-Agent@AEGIS.local "}), 400, "email_taken")


def test_the_playbooks_own_payload_makes_a_service_user_and_answers_without_the_password(admin):
    answer = admin.post(USERS, AGENT | {"email": "  Reports-Agent@AEGIS.local "})
    body = answer.json()
    assert answer.status_code == 201
    assert body.keys() == face.ACCOUNT.keys()
    assert {**AGENT, "isAgent": True, "isActive": True, "mustResetPassword": False}.items() - {
        ("password", PASSWORD)
    } <= body.items()
    assert PASSWORD not in answer.content.decode()
    made = User.objects.get(pk=body["id"])
    assert made.password != PASSWORD
    assert PASSWORD not in repr(list(AuditEvent.objects.values()))
    assert made.password not in repr(list(AuditEvent.objects.values()))
    event = AuditEvent.objects.get(type="user.created", subject_id=body["id"])
    assert event.actor_kind == "person"


def test_a_silent_role_is_the_settings_and_a_silent_flag_the_addresss(admin, settings):
    silent = {name: value for name, value in AGENT.items() if name != "role"}
    assert admin.post(USERS, silent).json()["role"] == "ANALYST"
    settings.STEWARD_DEFAULT_USER_ROLE = "READ_ONLY"
    second = admin.post(USERS, silent | {"email": "ada@aegis.local"}).json()
    assert (second["role"], second["isAgent"]) == ("READ_ONLY", False)
    third = admin.post(USERS, silent | {"email": "sync-agent@aegis.local", "isAgent": False}).json()
    assert third["isAgent"] is False


def test_a_service_users_password_rests_as_argon2(admin, settings):
    settings.PASSWORD_HASHERS = ["identities.people.passwords.Argon2"]
    admin.post(USERS, AGENT)
    assert User.objects.get(email=AGENT["email"]).password.startswith("argon2$argon2id$")


def test_an_auditor_is_made_by_a_platform_administrator_alone(admin, problem):
    problem(admin.post(USERS, AGENT | {"role": "AUDITOR"}), 403, "forbidden")
    assert admin.as_(cast.platform_admin()).post(USERS, AGENT | {"role": "AUDITOR"}).status_code == 201


def test_a_platform_administrator_makes_accounts_in_any_tenant_and_others_in_their_own(admin, platform, problem):
    elsewhere = cast.tenant()
    made = platform.post(USERS, AGENT | {"tenantId": str(elsewhere.pk)})
    assert (made.status_code, made.json()["tenantId"]) == (201, str(elsewhere.pk))
    caller = platform.as_(cast.person())
    problem(caller.post(USERS, AGENT | {"email": "b-agent@aegis.local", "tenantId": str(elsewhere.pk)}), 400)


def test_an_owner_answers_for_a_service_user_in_the_register(call):
    boss = cast.person()
    made = call.as_(boss).post(USERS, AGENT | {"owner": boss.email}).json()
    row = ManagedIdentity.objects.get(account_id=made["id"])
    assert row.technical_owner == boss


def test_a_list_is_filtered_and_shows_the_own_tenant_alone(call):
    boss = cast.person()
    cast.person(role=PortalRole.ANALYST, of=boss.tenant, email="zoe@example.com", is_active=False)
    agent = cast.agent(of=boss.tenant)
    theirs = cast.agent()

    def emails(query=""):
        return [user["email"] for user in call.as_(boss).get(f"{USERS}{query}").json()["results"]]

    assert emails() == sorted([boss.email, "zoe@example.com", agent.email])
    assert emails("?isAgent=true") == [agent.email]
    assert emails("?isAgent=false&isActive=false") == ["zoe@example.com"]
    assert emails("?role=ADMIN&search=USER") == [boss.email]
    assert emails("?pageSize=1&ordering=-email") == ["zoe@example.com"]
    assert theirs.email not in emails()
    assert call.get(f"{USERS}/{theirs.pk}").status_code == 404
    assert call.get(f"{USERS}/{agent.pk}").json()["isAgent"] is True


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("patch", "role", {"role": "READ_ONLY"}),
        ("post", "force-reset", {}),
        ("post", "disable", {"reason": "left"}),
        ("post", "enable", {}),
        ("get", "audits", None),
    ],
)
def test_an_account_of_another_tenant_is_as_if_it_were_not_there(admin, problem, method, path, body):
    theirs = cast.agent()
    for key in (theirs.pk, uuid4()):
        problem(admin.ask(method, f"{USERS}/{key}/{path}", body), 404, "not_found")
    theirs.refresh_from_db()
    assert (theirs.role, theirs.must_reset_password, theirs.is_active) == ("ANALYST", False, True)


def test_the_last_administrator_stays_one_and_stays(call, problem):
    boss = cast.person()
    caller = call.as_(boss)
    problem(caller.patch(f"{USERS}/{boss.pk}/role", {"role": "ANALYST"}), 409, "last_admin")
    problem(caller.post(f"{USERS}/{boss.pk}/disable", {"reason": "tired"}), 409, "last_admin")
    cast.agent(of=boss.tenant, role=PortalRole.ADMIN)  # a machine lets nobody in again
    problem(caller.patch(f"{USERS}/{boss.pk}/role", {"role": "ANALYST"}), 409, "last_admin")
    cast.person(of=boss.tenant)
    assert caller.patch(f"{USERS}/{boss.pk}/role", {"role": "ANALYST"}).json()["role"] == "ANALYST"
    problem(caller.get(USERS), 403, "forbidden")  # it counts from the next request on


def test_a_role_is_changed_with_a_record_of_both(call, problem):
    boss = cast.person()
    agent = cast.agent(of=boss.tenant)
    caller = call.as_(boss)
    path = f"{USERS}/{agent.pk}/role"
    for body in ({}, {"role": "OWNER"}, {"role": "ADMIN", "isAgent": False}):
        problem(caller.patch(path, body), 400)
    assert caller.patch(path, {"role": "READ_ONLY", "reason": "only reads"}).json()["role"] == "READ_ONLY"
    event = AuditEvent.objects.get(type="user.role_changed")
    assert event.changes == {"role": {"previous": "ANALYST", "current": "READ_ONLY"}}
    assert (event.reason, event.actor_id) == ("only reads", str(boss.pk))


def test_a_forced_reset_closes_all_but_the_way_to_a_new_password(call, problem):
    boss = cast.person()
    agent = cast.agent(of=boss.tenant)
    before = call.post("/api/auth/login", {"email": agent.email, "password": cast.PASSWORD}).json()
    answer = call.as_(boss).post(f"{USERS}/{agent.pk}/force-reset")
    assert answer.json()["mustResetPassword"] is True
    old = call.with_(Authorization=f"Bearer {before['accessToken']}")
    problem(old.get("/api/users/me"), 401, "invalid_token")
    problem(call.post("/api/auth/refresh", {"refreshToken": before["refreshToken"]}), 401, "token-invalidated")
    signed_in = call.post("/api/auth/login", {"email": agent.email, "password": cast.PASSWORD}).json()
    assert signed_in["user"]["mustResetPassword"] is True
    caller = call.with_(Authorization=f"Bearer {signed_in['accessToken']}")
    for method, path in (("get", "/api/identities"), ("get", "/api/users/me/audits"), ("get", "/flowstudio/api/runs")):
        problem(caller.ask(method, path), 403, "password_reset_required")
    problem(caller.patch("/api/users/me", {"firstName": "x"}), 403, "password_reset_required")
    for path in ("/api/auth/me", "/api/users/me"):
        assert caller.get(path).json()["mustResetPassword"] is True
    change = {"currentPassword": cast.PASSWORD, "newPassword": PASSWORD}
    assert caller.patch("/api/users/me/password", change).json()["mustResetPassword"] is False
    again = call.post("/api/auth/login", {"email": agent.email, "password": PASSWORD}).json()
    assert call.with_(Authorization=f"Bearer {again['accessToken']}").get("/api/identities").status_code == 200


def test_disabling_needs_a_reason_and_shuts_out_at_once(call, problem):
    boss = cast.person()
    agent = cast.agent(of=boss.tenant)
    before = call.post("/api/auth/login", {"email": agent.email, "password": cast.PASSWORD}).json()
    caller = call.as_(boss)
    problem(caller.post(f"{USERS}/{agent.pk}/disable"), 400)
    assert caller.post(f"{USERS}/{agent.pk}/disable", {"reason": "replaced"}).json()["isActive"] is False
    problem(caller.post(f"{USERS}/{agent.pk}/disable", {"reason": "replaced"}), 409, "already_disabled")
    problem(call.post("/api/auth/refresh", {"refreshToken": before["refreshToken"]}), 401, "token-invalidated")
    old = call.with_(Authorization=f"Bearer {before['accessToken']}")
    problem(old.get("/api/users/me"), 401, "invalid_token")
    caller = call.as_(boss)
    assert caller.post(f"{USERS}/{agent.pk}/enable").json()["isActive"] is True
    problem(caller.post(f"{USERS}/{agent.pk}/enable"), 409, "not_disabled")
    old = call.with_(Authorization=f"Bearer {before['accessToken']}")
    problem(old.get("/api/users/me"), 401, "invalid_token")  # what ended stays ended


def test_a_tenants_administrator_does_not_reset_an_account_that_reaches_further(call, problem):
    boss = cast.person()
    wide = cast.person(of=boss.tenant, is_platform_admin=True)
    caller = call.as_(boss)
    problem(caller.post(f"{USERS}/{wide.pk}/force-reset"), 403, "forbidden")
    problem(caller.post(f"{USERS}/{wide.pk}/disable", {"reason": "x"}), 403, "forbidden")


def test_no_route_takes_an_account_away_for_good(admin, problem):
    user = cast.agent()
    problem(admin.delete(f"{USERS}/{user.pk}"), 405)
    assert RefreshToken.objects.count() == 0
    assert sign_in.check(user.email, cast.PASSWORD) == user


def test_a_list_of_accounts_takes_a_pinned_number_of_queries(call, django_assert_max_num_queries):
    boss = cast.person()
    for _ in range(5):
        cast.agent(of=boss.tenant)
    caller = call.as_(boss)
    with django_assert_max_num_queries(3):
        assert len(caller.get(USERS).json()["results"]) == 6
