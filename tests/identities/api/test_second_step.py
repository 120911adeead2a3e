"""The second factor at the API: asked of people alone, and nothing of it ever reaches a machine."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.people import second_factor
from identities.people.models import RefreshToken
from identities.people.sign_in import open_session
from tests.factories import factors, people as cast, tokens as bots

pytestmark = pytest.mark.django_db
LOGIN, REFRESH, ME = "/api/auth/login", "/api/auth/refresh", "/api/auth/me"


def login(call: Any, email: str, password: str = cast.PASSWORD, **more: Any) -> Any:
    return call.post(LOGIN, {"email": email, "password": password, **more})


def test_a_wrong_password_is_told_the_same_with_a_code_and_without(call, problem):
    person = cast.person()
    app, _ = factors.with_app(person)
    answers = [
        login(call, person.email, "Wrong-Horse-9"),
        login(call, person.email, "Wrong-Horse-9", code=app.code()),
        login(call, "nobody@example.com", code="000000"),
    ]
    bodies = [problem(answer, 401, "invalid_credentials") for answer in answers]
    assert bodies[0] == bodies[1] == bodies[2]


def test_the_password_alone_is_not_enough_and_opens_no_session(call, problem):
    person = cast.person()
    factors.with_app(person)
    problem(login(call, person.email), 401, "second_factor_required")
    assert not RefreshToken.objects.exists()
    assert not AuditEvent.objects.filter(type="user.signed_in").exists()


def test_a_wrong_code_is_refused_and_recorded(call, problem):
    person = cast.person()
    app, _ = factors.with_app(person)
    answer = login(call, person.email, code=app.wrong())
    problem(answer, 401, "second_factor_wrong")
    assert answer["WWW-Authenticate"] == 'Bearer realm="steward"'
    assert AuditEvent.objects.get(type="user.second_factor_refused").details["source"] == "login"


def test_after_ten_wrong_ones_a_right_code_does_not_pass_either(call, problem):
    person = cast.person()
    app, _ = factors.with_app(person)
    for _ in range(10):
        login(call, person.email, code=app.wrong())
    answer = login(call, person.email, code=app.code())
    problem(answer, 429, "too_many_failures")
    assert 0 < int(answer["Retry-After"]) <= 900


def test_what_is_no_code_is_a_fault_of_the_body(call, problem):
    person = cast.person()
    for code in ("1" * 21, ["1"], {"a": 1}):
        problem(login(call, person.email, code=code), 400)


def test_a_code_opens_a_session_and_so_does_a_recovery_code(call):
    person = cast.person()
    app, codes = factors.with_app(person)
    assert login(call, person.email, code=app.code()).status_code == 200
    assert login(call, person.email, code=codes[0]).status_code == 200
    assert login(call, person.email, code=codes[0]).status_code == 401


def test_where_one_is_required_who_has_none_is_sent_to_the_admin(call, problem, settings):
    settings.STEWARD_SECOND_FACTOR = "required"
    problem(login(call, cast.person().email), 401, "second_factor_enrolment_required")


def test_a_session_from_before_goes_on_once_the_required_factor_is_there(call, problem, settings):
    person = cast.person()
    session = open_session(person)
    settings.STEWARD_SECOND_FACTOR = "required"
    problem(call.post(REFRESH, {"refreshToken": session.refresh_token}), 401, "token-invalidated")
    failure = AuditEvent.objects.get(type="user.refresh_failed")
    assert failure.changes["refreshToken"]["metadata"]["cause"] == "second-factor-required"
    factors.with_app(person)
    assert call.post(REFRESH, {"refreshToken": session.refresh_token}).status_code == 200


def test_a_password_that_is_too_old_opens_only_what_changes_it(call, problem, settings):
    settings.AUTH_PASSWORD_MAX_AGE_DAYS = 30
    person = cast.person(password_set_at=timezone.now() - timedelta(days=31))
    body = login(call, person.email).json()
    bearer = {"Authorization": f"Bearer {body['accessToken']}"}
    problem(call.with_(**bearer).get("/api/identities"), 403, "password_reset_required")
    assert call.with_(**bearer).get(ME).status_code == 200


def test_nothing_of_it_reaches_a_machine(call, settings):
    agent = cast.agent(password_set_at=timezone.now() - timedelta(days=4000))
    bot = bots.bot(permissions=("identity.read",))
    settings.STEWARD_SECOND_FACTOR = "required"
    settings.AUTH_PASSWORD_MAX_AGE_DAYS = 1
    settings.STEWARD_OIDC_ISSUER = "https://id.example.com"
    settings.STEWARD_OIDC_CLIENT_ID = settings.STEWARD_OIDC_CLIENT_SECRET = "steward"
    assert second_factor.policy() is second_factor.Policy.REQUIRED

    first = login(call, agent.email)
    assert first.status_code == 200
    assert login(call, agent.email, code="is not looked at").status_code == 200
    again = call.post(REFRESH, {"refreshToken": first.json()["refreshToken"]})
    assert again.status_code == 200
    bearer = {"Authorization": f"Bearer {again.json()['accessToken']}"}
    assert call.with_(**bearer).get(ME).json()["isAgent"] is True
    assert call.with_(**bearer).get("/api/identities").status_code == 200

    basic = base64.b64encode(f"{bot.client_id}:{bot.secret}".encode()).decode()
    token = call.with_(Authorization=f"Basic {basic}").post(
        "/passport/token", "grant_type=client_credentials", content_type="application/x-www-form-urlencoded"
    )
    assert token.status_code == 200
    bearer = {"Authorization": f"Bearer {token.json()['access_token']}"}
    assert call.with_(**bearer).get("/api/identities").status_code == 200
