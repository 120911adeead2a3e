"""One's own account: no id but the credential's."""

import pytest

from audit.models import AuditEvent
from identities.people import tries
from identities.people.models import PortalRole, User
from tests.factories import people as cast, tokens as bots

pytestmark = pytest.mark.django_db
ME, PASSWORD, AUDITS = "/api/users/me", "/api/users/me/password", "/api/users/me/audits"
NEW = "Another-Horse-2"


def signed_in(call, user, password=cast.PASSWORD):
    body = call.post("/api/auth/login", {"email": user.email, "password": password}).json()
    return call.with_(Authorization=f"Bearer {body['accessToken']}"), body


@pytest.mark.parametrize(("method", "path"), [("get", ME), ("patch", ME), ("patch", PASSWORD), ("get", AUDITS)])
def test_neither_a_stranger_nor_a_machine_has_an_account_here(call, problem, method, path):
    problem(call.ask(method, path, None if method == "get" else {}), 401, "not_authenticated")
    bot = bots.bot(permissions=("identity.read", "identity.write", "audit.read"))
    problem(call.as_(bot).ask(method, path, None if method == "get" else {}), 403, "insufficient_scope")


@pytest.mark.parametrize(
    "body",
    [
        {"id": "x"},
        {"userId": "x"},
        {"role": "ADMIN"},
        {"isAgent": True},
        {"isPlatformAdmin": True},
        {"tenantId": "x"},
        {"mustResetPassword": False},
        {"password": NEW},
        {"email": "nobody"},
        {"firstName": 7},
        {"lastName": "x" * 81},
    ],
)
def test_nothing_but_names_and_address_is_changed_here(call, problem, body):
    user = cast.person(role=PortalRole.READ_ONLY)
    errors = problem(call.as_(user).patch(ME, body), 400)["errors"]
    assert errors.keys() == body.keys()
    after = User.objects.get(pk=user.pk)
    assert (after.role, after.email, after.updated_at) == (user.role, user.email, user.updated_at)


def test_no_parameter_leads_to_somebody_else(call, problem):
    user, other = cast.person(), cast.person()
    problem(call.as_(user).get(f"{AUDITS}?userId={other.pk}"), 400)
    assert call.get(f"{ME}?id={other.pk}").json()["id"] == str(user.pk)


def test_a_service_user_changes_its_names_and_the_record_says_what_was(call):
    agent = cast.agent(first_name="Old")
    body = call.as_(agent).patch(ME, {"firstName": "Reports"}).json()
    assert (body["firstName"], body["isAgent"], body["id"]) == ("Reports", True, str(agent.pk))
    event = AuditEvent.objects.get(type="user.changed")
    assert event.changes == {"first_name": {"previous": "Old", "current": "Reports"}}
    assert (event.actor_kind, event.actor_id) == ("service_user", str(agent.pk))


def test_an_address_that_is_taken_is_refused_and_one_with_the_mark_makes_no_agent(call, problem):
    user, other = cast.person(), cast.person()
    problem(call.as_(user).patch(ME, {"email": other.email.upper()}), 400, "email_taken")
    body = call.patch(ME, {"email": " Backup-Agent@Example.com"}).json()
    assert (body["email"], body["isAgent"]) == ("backup-agent@example.com", False)
    agent = cast.agent()
    assert "email" in problem(call.as_(agent).patch(ME, {"email": "ada@example.com"}), 400)["errors"]


def test_nobody_finds_out_by_trying_who_has_an_account_or_fills_the_register_with_addresses(call, problem):
    user, other = cast.person(role=PortalRole.READ_ONLY), cast.person()
    call.as_(user)
    for _ in range(tries.ADDRESSES_A_MINUTE):
        problem(call.patch(ME, {"email": other.email}), 400, "email_taken")
    shut = call.patch(ME, {"email": "free-agent@example.com"})
    problem(shut, 429, "too_many_failures")
    assert 1 <= int(shut["Retry-After"]) <= 60
    assert call.patch(ME, {"firstName": "Ada"}).status_code == 200
    assert User.objects.get(pk=user.pk).email == user.email


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({"currentPassword": "Wrong-Horse-9", "newPassword": NEW}, "currentPassword"),
        ({"currentPassword": cast.PASSWORD, "newPassword": "weak"}, "newPassword"),
        ({"currentPassword": cast.PASSWORD, "newPassword": cast.PASSWORD}, "newPassword"),
        ({"newPassword": NEW}, "currentPassword"),
        ({"currentPassword": cast.PASSWORD}, "newPassword"),
        ({"currentPassword": cast.PASSWORD, "newPassword": NEW, "userId": "x"}, "userId"),
    ],
)
def test_a_password_change_that_does_not_fit_leaves_everything_as_it_was(call, problem, body, member):
    caller, session = signed_in(call, cast.agent())
    answer = caller.patch(PASSWORD, body)
    assert problem(answer, 400)["errors"].keys() == {member}
    assert NEW not in answer.content.decode()
    assert caller.get(ME).status_code == 200
    assert call.post("/api/auth/refresh", {"refreshToken": session["refreshToken"]}).status_code == 200


def test_a_new_password_ends_every_token_at_once_and_the_new_one_signs_in(call, problem):
    agent = cast.agent()
    _, other = signed_in(call, agent)
    caller, session = signed_in(call, agent)
    answer = caller.patch(PASSWORD, {"currentPassword": cast.PASSWORD, "newPassword": NEW})
    assert answer.status_code == 200
    assert NEW not in answer.content.decode()
    for one in (session, other):
        problem(call.with_(Authorization=f"Bearer {one['accessToken']}").get(ME), 401, "invalid_token")
        problem(call.post("/api/auth/refresh", {"refreshToken": one["refreshToken"]}), 401, "password-rotated")
    problem(call.post("/api/auth/login", {"email": agent.email, "password": cast.PASSWORD}), 401)
    caller, _ = signed_in(call, agent, NEW)
    assert caller.get(ME).status_code == 200


def test_guessing_the_current_password_is_slowed_down(call, problem):
    caller, _ = signed_in(call, cast.person())
    guess = {"currentPassword": "Wrong-Horse-9", "newPassword": NEW}
    for _ in range(tries.FAILURES_OF_AN_ACCOUNT):
        problem(caller.patch(PASSWORD, guess), 400, "wrong_password")
    answer = caller.patch(PASSWORD, guess | {"currentPassword": cast.PASSWORD})
    problem(answer, 429, "too_many_failures")
    assert 1 <= int(answer["Retry-After"]) <= 60


def test_a_person_whose_password_is_too_old_may_only_change_it_and_a_service_user_goes_on(call, problem, settings):
    settings.AUTH_PASSWORD_MAX_AGE_DAYS = 30
    long_ago = "2020-01-01T00:00:00Z"
    person, agent = cast.person(password_set_at=long_ago), cast.agent(password_set_at=long_ago)
    problem(call.as_(person).get("/api/identities"), 403, "password_reset_required")
    assert call.get(ME).status_code == 200
    assert call.as_(agent).get("/api/identities").status_code == 200
