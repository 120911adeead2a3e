"""Login, refresh and me."""

import pytest

from audit.models import AuditEvent
from identities.people import services as people
from identities.people.models import PortalRole
from identities.tokens import user_tokens
from tests.factories import people as cast, tokens as bots

pytestmark = pytest.mark.django_db
LOGIN, REFRESH, ME = "/api/auth/login", "/api/auth/refresh", "/api/auth/me"


def login(call, email, password=cast.PASSWORD):
    return call.post(LOGIN, {"email": email, "password": password})


def test_unknown_wrong_and_disabled_get_one_answer(call, problem):
    user, gone = cast.person(), cast.person(is_active=False)
    answers = [
        login(call, "nobody@example.com"),
        login(call, user.email, "Wrong-Horse-9"),
        login(call, gone.email),
    ]
    bodies = [problem(answer, 401, "invalid_credentials") for answer in answers]
    assert bodies[0] == bodies[1] == bodies[2]
    assert {answer["WWW-Authenticate"] for answer in answers} == {'Bearer realm="steward"'}
    assert AuditEvent.objects.filter(type="user.sign_in_refused").count() == 3


def test_login_answers_with_the_user_and_the_tokens_twice(call):
    user = cast.person(email="ada@example.com", first_name="Ada", role=PortalRole.ANALYST)
    answer = login(call, " ADA@example.com ")
    body = answer.json()
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert set(body["user"]) == {
        "id", "email", "firstName", "lastName", "role", "tenantId", "mustResetPassword", "lastLoginAt", "createdAt",
        "updatedAt",
    }  # fmt: skip
    assert body["user"]["email"] == "ada@example.com"
    assert body["user"]["tenantId"] == str(user.tenant_id)
    assert body["user"]["lastLoginAt"].endswith("Z")
    assert body["tokens"] == {name: body[name] for name in body["tokens"]}
    assert (body["accessTokenExpiresIn"], body["refreshTokenExpiresIn"]) == (900, 604_800)
    assert user_tokens.verify_user_token(body["accessToken"]).user_id == user.pk


def test_the_token_of_a_login_opens_me_with_the_flat_user(call):
    user = cast.platform_admin()
    token = login(call, user.email).json()["accessToken"]
    body = call.with_(Authorization=f"bearer {token}").get(ME).json()
    assert body["id"] == str(user.pk)
    assert (body["isAgent"], body["isPlatformAdmin"], body["tenantId"]) == (False, True, str(user.tenant_id))


def test_a_refresh_token_works_once(call, problem):
    first = login(call, cast.person().email).json()
    answer = call.post(REFRESH, {"refreshToken": first["refreshToken"]})
    assert answer.status_code == 200
    assert answer.json().keys() == first.keys()
    assert answer.json()["refreshToken"] != first["refreshToken"]
    again = call.post(REFRESH, {"refreshToken": first["refreshToken"]})
    problem(again, 401, "refresh-id-mismatch")
    assert "error=" not in again["WWW-Authenticate"]


def test_a_refresh_with_nonsense_fails_verification(call, problem):
    problem(call.post(REFRESH, {"refreshToken": "nonsense"}), 401, "verification-failed")
    problem(call.post(REFRESH, {}), 400)


def test_a_service_user_signs_in_to_the_api(call):
    agent = cast.agent()
    assert login(call, agent.email).status_code == 200
    assert call.as_(agent).get(ME).json()["isAgent"] is True


@pytest.mark.parametrize("right", [False, True])
def test_past_ten_failures_the_account_is_shut_for_that_address_alone(call, problem, right):
    user = cast.person()
    for _ in range(9):
        assert login(call, user.email, "Wrong-Horse-9").status_code == 401
    login(call, user.email.upper(), "Wrong-Horse-9")
    answer = login(call, user.email, cast.PASSWORD if right else "Wrong-Horse-9")
    problem(answer, 429, "too_many_failures")
    assert answer["Retry-After"] == "900"
    assert AuditEvent.objects.filter(type="user.sign_in_refused").count() == 10  # a knock at a shut door is none
    elsewhere = call.post(LOGIN, {"email": user.email, "password": cast.PASSWORD}, REMOTE_ADDR="203.0.113.9")
    assert elsewhere.status_code == 200
    assert login(call, cast.person().email).status_code == 200


def test_a_right_password_clears_the_slate(call):
    user = cast.person()
    for _ in range(2):
        for _ in range(8):
            assert login(call, user.email, "Wrong-Horse-9").status_code == 401
        assert login(call, user.email).status_code == 200


def test_an_unknown_address_is_shut_like_a_known_one(call, problem):
    for _ in range(10):
        login(call, "nobody@example.com")
    problem(login(call, "nobody@example.com"), 429, "too_many_failures")


def test_a_disabled_person_is_out_at_once_and_a_new_password_ends_old_tokens(call, problem):
    user = cast.person(role=PortalRole.ANALYST)
    token = login(call, user.email).json()["accessToken"]
    speaker = call.with_(Authorization=f"Bearer {token}")
    assert speaker.get(ME).status_code == 200
    people.disable_user(user, reason="left", actor=cast.SYSTEM)
    answer = speaker.get(ME)
    problem(answer, 401, "invalid_token")
    assert 'error="invalid_token"' in answer["WWW-Authenticate"]


def test_a_changed_role_counts_from_the_next_request(call):
    user = cast.person(role=PortalRole.ANALYST)
    speaker = call.as_(user)
    assert speaker.post("/api/roles", {"name": "x", "permissions": []}).status_code == 403
    people.set_role(user, role=PortalRole.ADMIN, actor=cast.SYSTEM)
    assert speaker.post("/api/roles", {"name": "x", "permissions": []}).status_code == 201


def test_a_managed_identity_has_no_me(call, problem):
    bot = bots.bot(permissions=("identity.read",))
    answer = call.as_(bot).get(ME)
    problem(answer, 403, "insufficient_scope")
    assert 'error="insufficient_scope"' in answer["WWW-Authenticate"]


def test_neither_password_nor_token_is_in_the_audit(call):
    user = cast.person()
    body = login(call, user.email).json()
    login(call, user.email, "Wrong-Horse-9")
    call.post(REFRESH, {"refreshToken": body["refreshToken"]})
    written = str(list(AuditEvent.objects.values()))
    assert not [text for text in (cast.PASSWORD, "Wrong-Horse-9", body["accessToken"]) if text in written]
    assert body["refreshToken"] not in written


def test_login_takes_a_pinned_number_of_queries(call, django_assert_max_num_queries):
    user = cast.person()
    login(call, user.email)
    with django_assert_max_num_queries(16):
        assert login(call, user.email).status_code == 200
