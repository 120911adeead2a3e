"""Login, refresh, register, logout and me."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from audit.models import AuditEvent
from identities.people import services as people, tries
from identities.people.models import PortalRole
from identities.people.refresh_reasons import AT_ONCE
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


# Registering and signing out


REGISTER, LOGOUT = "/api/auth/register", "/api/auth/logout"
NEWCOMER = {"email": "reports-agent@example.com", "password": "Th1sIsAStrong!Pass"}


@pytest.mark.parametrize("body", [NEWCOMER, {}, {"email": "x"}, NEWCOMER | {"role": "ADMIN"}])
def test_registering_is_closed_where_there_is_somebody_whatever_is_sent(call, problem, body):
    cast.person()
    problem(call.post(REGISTER, body), 403, "registration_closed")


def test_nobody_registers_as_an_administrator_or_as_a_service_user(call, problem, settings):
    cast.person()
    settings.STEWARD_ALLOW_REGISTER = True
    for more in ({"role": "ADMIN"}, {"isAgent": True}, {"isPlatformAdmin": True}, {"tenantId": str(cast.tenant().pk)}):
        problem(call.post(REGISTER, NEWCOMER | more), 400)
    body = call.post(REGISTER, NEWCOMER).json()
    assert body["user"]["role"] == "READ_ONLY"
    me = call.with_(Authorization=f"Bearer {body['accessToken']}").get(ME).json()
    assert (me["isAgent"], me["isPlatformAdmin"]) == (False, False)
    problem(call.post("/api/users", NEWCOMER), 403)


def test_the_first_to_register_in_an_empty_house_gets_tokens_at_once(call, problem):
    answer = call.post(REGISTER, NEWCOMER)
    assert (answer.status_code, answer["Cache-Control"]) == (201, "no-store")
    assert answer.json().keys() == login(call, NEWCOMER["email"], NEWCOMER["password"]).json().keys()
    problem(call.post(REGISTER, NEWCOMER | {"email": "eve@example.com"}), 403, "registration_closed")


def test_so_many_accounts_a_minute_are_made_from_one_address(call, problem, settings, monkeypatch):
    settings.STEWARD_ALLOW_REGISTER = True
    monkeypatch.setattr(tries, "REGISTRATIONS_A_MINUTE", 2)
    made = [call.post(REGISTER, NEWCOMER | {"email": f"ada{number}@example.com"}) for number in range(3)]
    assert [answer.status_code for answer in made] == [201, 201, 429]
    problem(made[2], 429, "too_many_failures")
    assert 1 <= int(made[2]["Retry-After"]) <= 60


def speaker(call, session):
    return call.with_(Authorization=f"Bearer {session['accessToken']}")


def test_signing_out_takes_a_session_of_ones_own(call, problem):
    user, other = cast.person(), cast.person()
    theirs = login(call, other.email).json()
    problem(call.post(LOGOUT), 401, "not_authenticated")
    problem(call.post(LOGOUT, {"refreshToken": "nonsense"}), 401, "not_authenticated")
    mine = login(call, user.email).json()
    answer = speaker(call, mine).post(LOGOUT, {"refreshToken": theirs["refreshToken"]})
    assert "refreshToken" in problem(answer, 400)["errors"]
    problem(call.post(LOGOUT, {"userId": str(other.pk)}), 400)
    problem(call.as_(bots.bot(permissions=("identity.read",))).post(LOGOUT), 403, "insufficient_scope")
    assert speaker(call, theirs).get(ME).status_code == 200
    assert speaker(call, mine).get(ME).status_code == 200


def test_signing_out_ends_this_session_at_once_and_no_other(call, problem):
    user = cast.agent()
    one, other = login(call, user.email).json(), login(call, user.email).json()
    answer = speaker(call, one).post(LOGOUT)
    assert (answer.status_code, answer.json()["email"]) == (200, user.email)
    problem(call.get(ME), 401, "invalid_token")
    problem(call.with_().post(REFRESH, {"refreshToken": one["refreshToken"]}), 401, "token-invalidated")
    assert speaker(call, other).get(ME).status_code == 200
    assert call.post(LOGOUT, {"everywhere": True}).status_code == 200
    problem(call.get(ME), 401, "invalid_token")


def test_who_came_with_the_admins_session_leaves_that_one(client):
    user = cast.person()
    client.force_login(user, backend="identities.access.backends.PortalBackend")
    assert client.get(ME).status_code == 200
    assert client.post(LOGOUT, {}, content_type="application/json").status_code == 200
    assert client.get(ME).status_code == 401


def test_with_the_refresh_token_alone_one_signs_out_after_the_access_token_has_ended(call, problem):
    session = login(call, cast.agent().email).json()
    assert call.post(LOGOUT, {"refreshToken": session["refreshToken"]}).status_code == 200
    problem(speaker(call, session).get(ME), 401, "invalid_token")


def test_a_refresh_token_that_opens_nothing_any_more_ends_no_other_session_and_fills_no_record(call, problem):
    agent = cast.agent()
    lost = login(call, agent.email).json()["refreshToken"]
    call.post(LOGOUT, {"refreshToken": lost})
    alive = login(call, agent.email).json()
    spent = login(call, agent.email).json()["refreshToken"]
    call.post(REFRESH, {"refreshToken": spent})
    before = AuditEvent.objects.count()
    for dead in (lost, spent):
        problem(call.post(LOGOUT, {"refreshToken": dead, "everywhere": True}), 401, "not_authenticated")
    for _ in range(3):
        assert call.post(LOGOUT, {"refreshToken": lost}).status_code == 200
    assert AuditEvent.objects.count() == before
    assert speaker(call, alive).get(ME).status_code == 200


# What is told to nobody, and tokens of the wrong kind


def test_a_refused_sign_in_asks_the_same_of_the_database_whoever_it_is(call):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def asked(email, password="Wrong-Horse-9"):
        with CaptureQueriesContext(connection) as seen:
            assert login(call, email, password).status_code == 401
        return [query["sql"].split()[0] for query in seen.captured_queries]

    known, gone = cast.person(), cast.person(is_active=False)
    empty = cast.person(password="!unusable")
    asked("warm@example.com")
    counts = {len(asked(*who)) for who in (
        ("nobody@example.com",), (known.email,), (gone.email, cast.PASSWORD), (empty.email,)
    )}  # fmt: skip
    assert len(counts) == 1


def test_the_wrong_kind_of_token_opens_nothing_of_ones_own(call, problem):
    session = login(call, cast.agent().email).json()
    for text in (session["refreshToken"], session["accessToken"][:-4] + "AAAA", "x.y.z", "", "ümlaut"):
        answer = call.with_(Authorization=f"Bearer {text}".encode().decode("latin-1")).get(ME)
        problem(answer, 401, "invalid_token")
    problem(call.with_(Authorization=f"Basic {session['accessToken']}").get(ME), 401, "not_authenticated")
    problem(call.with_().get(f"{ME}?access_token={session['accessToken']}"), 401, "not_authenticated")
    problem(call.post(REFRESH, {"refreshToken": session["accessToken"]}), 401, "verification-failed")


def test_a_persons_token_is_nothing_to_passport_and_a_machines_nothing_here(call, problem):
    token = login(call, cast.person().email).json()["accessToken"]
    form = "application/x-www-form-urlencoded"
    said = call.with_(Authorization=f"Bearer {token}").post("/passport/introspect", f"token={token}", content_type=form)
    assert said.status_code in {401, 403}
    problem(call.as_(bots.bot(permissions=("identity.read",))).get("/api/users/me"), 403, "insufficient_scope")


def test_a_token_past_its_end_is_refused(call, problem, settings):
    session = login(call, cast.agent().email).json()
    with time_machine.travel(timezone.now() + timedelta(seconds=settings.AUTH_ACCESS_TOKEN_TTL + 1)):
        problem(speaker(call, session).get(ME), 401, "invalid_token")
    with time_machine.travel(timezone.now() + timedelta(seconds=settings.AUTH_REFRESH_TOKEN_TTL + 1)):
        problem(call.with_().post(REFRESH, {"refreshToken": session["refreshToken"]}), 401, "verification-failed")


def test_the_lifetimes_are_the_settings(call, settings):
    settings.AUTH_ACCESS_TOKEN_TTL, settings.AUTH_REFRESH_TOKEN_TTL = 5, 7
    body = login(call, cast.agent().email).json()
    assert (body["accessTokenExpiresIn"], body["refreshTokenExpiresIn"]) == (5, 7)


def test_a_replayed_token_ends_what_came_of_it_the_access_token_too(call, problem):
    first = login(call, cast.agent().email).json()
    second = call.post(REFRESH, {"refreshToken": first["refreshToken"]}).json()
    assert speaker(call, second).get(ME).status_code == 200
    with time_machine.travel(timezone.now() + AT_ONCE + timedelta(seconds=1)):
        problem(call.with_().post(REFRESH, {"refreshToken": first["refreshToken"]}), 401, "refresh-id-mismatch")
        for session in (first, second):
            problem(speaker(call, session).get(ME), 401, "invalid_token")


@pytest.mark.parametrize("then", ["sign out", "a new password", "a forced reset", "replayed later"])
def test_of_two_at_once_the_first_keeps_its_access_token_and_no_more_and_not_for_ever(call, problem, then):
    agent = cast.agent()
    first = login(call, agent.email).json()
    second = call.post(REFRESH, {"refreshToken": first["refreshToken"]}).json()
    problem(call.post(REFRESH, {"refreshToken": first["refreshToken"]}), 401, "refresh-id-mismatch")
    problem(call.post(REFRESH, {"refreshToken": second["refreshToken"]}), 401, "token-invalidated")
    assert speaker(call, second).get(ME).status_code == 200
    if then == "sign out":
        assert call.post(LOGOUT).status_code == 200
    elif then == "a new password":
        people.set_password(agent, password="Another-Horse-2", actor=cast.SYSTEM)
    elif then == "a forced reset":
        people.force_reset(agent, actor=cast.SYSTEM)
    else:
        with time_machine.travel(timezone.now() + AT_ONCE + timedelta(seconds=1)):
            problem(call.with_().post(REFRESH, {"refreshToken": first["refreshToken"]}), 401, "refresh-id-mismatch")
    problem(speaker(call, second).get(ME), 401, "invalid_token")


@pytest.mark.parametrize(
    "body", [{}, {"refreshToken": None}, {"refreshToken": 7}, {"refreshToken": "x" * 2001}, {"token": "x"}, [], "x"]
)
def test_a_refresh_without_a_token_is_a_bad_request(call, problem, body):
    problem(call.post(REFRESH, body), 400)


def test_who_speaks_is_asked_in_a_pinned_number_of_queries(call, django_assert_num_queries):
    session = login(call, cast.agent().email).json()
    caller = speaker(call, session)
    with django_assert_num_queries(3):  # the bearer, the row it stands for, and the account as it is shown
        assert caller.get(ME).status_code == 200
