"""Signing in through a provider: whom it lets in, what it never does, and a provider that misbehaves."""

import contextlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.test import Client

from audit.models import AuditEvent
from identities.admin import oidc
from identities.people import services as accounts
from identities.people.actors import actor_of
from identities.people.models import User
from tests.factories import factors, oidc_provider, pages, people
from tests.factories.oidc_provider import Provider

pytestmark = pytest.mark.django_db
BEGIN, LOGIN, INDEX = "/admin/login/provider/", "/admin/login/", "/admin/"


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    with oidc_provider.running() as running:
        settings.STEWARD_OIDC_ISSUER = running.issuer
        settings.STEWARD_OIDC_CLIENT_ID = oidc_provider.CLIENT_ID
        settings.STEWARD_OIDC_CLIENT_SECRET = oidc_provider.CLIENT_SECRET
        settings.STEWARD_OIDC_NAME = "Harbour ID"
        yield running


def go(client: Client, next_url: str = "") -> Any:
    """To the provider and back, as a browser goes; the last answer of the portal."""
    sent = client.get(BEGIN, {"next": next_url} if next_url else {})
    if sent["Location"] == LOGIN:
        return sent
    back = requests.get(sent["Location"], allow_redirects=False, timeout=5).headers["Location"]
    return client.get(back)


def is_in(client: Client) -> bool:
    return client.get(INDEX).status_code == 200


def refusals() -> list[str]:
    return list(AuditEvent.objects.filter(type="user.sign_in_refused").values_list("reason", flat=True))


def test_without_a_provider_there_is_no_such_page():
    assert Client().get(BEGIN).status_code == 404
    assert Client().get(f"{BEGIN}callback/?code=x&state=y").status_code == 404
    assert "Sign in with" not in Client().get(LOGIN).content.decode()


def test_the_sign_in_names_it(provider):
    assert "Sign in with Harbour ID" in Client().get(LOGIN).content.decode()


def test_a_stranger_stays_out_and_nobody_is_made(provider):
    client = Client()
    before = User.objects.count()
    answer = go(client)
    assert (answer.status_code, answer["Location"]) == (302, LOGIN)
    assert "may not sign in here" in client.get(LOGIN).content.decode()
    assert not is_in(client)
    assert User.objects.count() == before
    assert refusals() == ["provider_unknown"]


@pytest.mark.parametrize("who", ["agent", "disabled", "not verified", "no address"])
def test_who_may_not_come_in_stays_out_with_the_same_words(provider, who):
    address = "billing-agent@example.com" if who == "agent" else "ada@example.com"
    people.person(email=address, is_agent=who == "agent", is_active=who != "disabled")
    provider.claims |= {"email": address}
    if who == "not verified":
        provider.claims["email_verified"] = False
    if who == "no address":
        del provider.claims["email"]
        provider.told = {"sub": "ada-1"}
    client = Client()
    go(client)
    assert "may not sign in here" in client.get(LOGIN).content.decode()
    assert not is_in(client)
    assert len(refusals()) == 1


@pytest.mark.parametrize(
    "fault",
    [
        "other issuer", "other audience", "expired", "unsigned", "symmetric", "other key", "no kid", "redirects",
        "points inside", "denies",
    ],
)  # fmt: skip
def test_a_provider_that_misbehaves_lets_nobody_in(provider, fault):
    people.person(email="ada@example.com")
    provider.faults.add(fault)
    client = Client()
    answer = go(client)
    assert (answer.status_code, answer["Location"]) == (302, LOGIN)
    assert "did not work" in client.get(LOGIN).content.decode()
    assert not is_in(client)
    assert "/elsewhere" not in provider.asked


def test_a_provider_that_is_away_is_no_error_of_ours(settings, provider):
    settings.STEWARD_OIDC_ISSUER = "http://127.0.0.1:9"
    client = Client()
    assert client.get(BEGIN)["Location"] == LOGIN


def test_a_silent_provider_keeps_no_more_than_a_few_waiting(provider, monkeypatch):
    """Each who waits for it holds a thread: the others are sent back to the sign-in, and served again at once after."""
    people.person(email="ada@example.com")
    monkeypatch.setattr(oidc, "A_MOMENT", 0.01)
    waiting = Client()
    back = requests.get(waiting.get(BEGIN)["Location"], allow_redirects=False, timeout=5).headers["Location"]
    with contextlib.ExitStack() as silent:
        for _ in range(oidc.AT_ONCE):
            silent.enter_context(oidc.asking())
        for client, address in ((Client(), BEGIN), (waiting, back)):
            assert client.get(address)["Location"] == LOGIN
            assert "did not work" in client.get(LOGIN).content.decode()
            assert not is_in(client)
    assert refusals() == ["provider_failed"] * 2
    client = Client()
    go(client)
    assert is_in(client)


def test_who_failed_gives_the_place_back(settings, provider):
    people.person(email="ada@example.com")
    there, settings.STEWARD_OIDC_ISSUER = settings.STEWARD_OIDC_ISSUER, "http://127.0.0.1:9"
    for _ in range(oidc.AT_ONCE + 1):
        assert Client().get(BEGIN)["Location"] == LOGIN
    settings.STEWARD_OIDC_ISSUER = there
    client = Client()
    go(client)
    assert is_in(client)


def test_who_asks_without_end_is_told_to_wait(provider):
    answers = [Client().get(BEGIN) for _ in range(31)]
    assert {answer.status_code for answer in answers[:30]} == {302}
    assert (answers[30].status_code, answers[30]["Retry-After"]) == (429, "60")
    assert provider.asked.count("/.well-known/openid-configuration") == 30


def test_a_person_comes_in_by_the_verified_address_and_goes_where_they_wanted(provider):
    person = people.person(email="ada@example.com")
    provider.claims["email"] = "ADA@example.com"
    client = Client()
    answer = go(client, "/admin/identities/team/")
    assert answer["Location"] == "/admin/identities/team/"
    assert is_in(client)
    found = list(AuditEvent.objects.filter(subject_id=str(person.pk)).order_by("id"))
    assert [event.type for event in found] == ["user.provider_linked", "user.signed_in"]
    assert found[1].details["source"] == "oidc"


def test_an_address_that_only_becomes_somebodys_in_lower_case_is_another_mailbox(provider):
    people.person(email="kate@example.com")
    provider.claims["email"] = "\N{KELVIN SIGN}ate@example.com"
    client = Client()
    go(client)
    assert not is_in(client)
    assert refusals() == ["provider_unknown"]


def test_it_never_leads_out_of_the_house(provider):
    people.person(email="ada@example.com")
    assert go(Client(), "https://evil.example/")["Location"] == INDEX


def test_from_then_on_the_subject_counts_and_not_the_address(provider):
    person, other = people.person(email="ada@example.com"), people.person(email="bob@example.com")
    go(Client())
    provider.claims["email"] = other.email
    client = Client()
    go(client)
    assert client.get(INDEX).context["user"] == person


def test_an_address_that_went_to_somebody_else_at_the_provider_opens_nothing(provider):
    people.person(email="ada@example.com")
    go(Client())
    provider.claims["sub"] = "another-ada"
    client = Client()
    go(client)
    assert not is_in(client)
    assert refusals() == ["provider_other_subject"]


def test_the_address_may_come_from_the_userinfo_of_the_same_subject_alone(provider):
    people.person(email="ada@example.com")
    address = {"email": provider.claims.pop("email"), "email_verified": provider.claims.pop("email_verified")}
    provider.told = {"sub": "somebody-else", **address}
    client = Client()
    go(client)
    assert not is_in(client)
    provider.told["sub"] = "ada-1"
    go(client)
    assert is_in(client)


@pytest.mark.parametrize("how", ["a profile edit", "registering"])
def test_an_address_that_the_account_gave_itself_opens_nothing_until_an_administrator_has_said_it(
    provider, settings, how
):
    admin = people.person()
    if how == "registering":
        settings.STEWARD_ALLOW_REGISTER = True
        person = accounts.register_user(email="ada@example.com", password=people.PASSWORD)
    else:
        person = people.person(of=admin.tenant, email="eve@example.com")
        accounts.change_own_profile(person, email="ada@example.com", actor=actor_of(person))
    accounts.change_own_profile(person, first_name="Ada", actor=actor_of(person))
    client = Client()
    go(client)
    assert not is_in(client)
    assert refusals() == ["provider_address_own_word"]
    accounts.change_user(person, email="ada.l@example.com", actor=actor_of(admin))
    accounts.change_user(person, email="ada@example.com", actor=actor_of(admin))
    go(client)
    assert is_in(client)


def test_an_answer_that_was_not_asked_for_in_this_browser_opens_nothing(provider):
    people.person(email="ada@example.com")
    sent = Client().get(BEGIN)["Location"]
    back = requests.get(sent, allow_redirects=False, timeout=5).headers["Location"]
    client = Client()
    client.get(back)
    assert not is_in(client)


def test_an_answer_serves_once(provider):
    people.person(email="ada@example.com")
    client = Client()
    sent = client.get(BEGIN)["Location"]
    back = requests.get(sent, allow_redirects=False, timeout=5).headers["Location"]
    client.get(back)
    client.post("/admin/logout/")
    client.get(back)
    assert not is_in(client)


def test_what_stands_in_the_address_changes_nothing_of_the_request(provider):
    people.person(email="ada@example.com")
    sent = Client().get(BEGIN, {"process": "connect", "scope": "admin", "auth_params": "prompt=none"})["Location"]
    query = parse_qs(urlsplit(sent).query)
    assert set(query["scope"][0].split()) == {"openid", "profile", "email"}
    assert "prompt" not in query
    assert query["code_challenge_method"] == ["S256"]


def test_a_second_factor_is_asked_for_here_too(provider):
    person = people.person(email="ada@example.com")
    app, _ = factors.with_app(person)
    client = Client()
    assert go(client)["Location"] == "/admin/login/second-factor/"
    assert not is_in(client)
    assert client.post("/admin/login/second-factor/", {"code": app.code()})["Location"] == INDEX
    assert is_in(client)


def test_a_provider_that_asked_for_several_factors_has_done_it(settings, provider):
    settings.STEWARD_SECOND_FACTOR = "required"
    factors.with_app(people.person(email="ada@example.com"))
    provider.claims["amr"] = ["pwd", "mfa"]
    client = Client()
    go(client)
    assert is_in(client)


def test_a_required_second_factor_is_set_up_before_anything_else(settings, provider):
    people.person(email="ada@example.com")
    settings.STEWARD_SECOND_FACTOR = "required"
    client = Client()
    assert go(client)["Location"] == "/admin/login/enrolment/"
    assert not is_in(client)


def test_the_age_of_a_password_does_not_hold_up_who_came_without_it(settings, provider):
    settings.AUTH_PASSWORD_MAX_AGE_DAYS = 1
    people.person(email="ada@example.com", password_set_at="2020-01-01T00:00:00Z")
    client = Client()
    go(client)
    assert is_in(client)
    assert client.get("/api/identities").status_code == 200


def test_the_account_at_the_provider_can_be_forgotten_on_ones_own_page(provider):
    people.person(email="ada@example.com")
    client = Client()
    go(client)
    assert "You sign in through Harbour ID" in client.get("/admin/me/?tab=second-factor").content.decode()
    assert client.post("/admin/me/provider/unlink/").status_code == 302
    assert AuditEvent.objects.filter(type="user.provider_unlinked").exists()
    provider.claims["sub"] = "ada-2"
    client = Client()
    go(client)
    assert is_in(client)


def test_pages_of_the_library_are_nowhere():
    client = pages.signed_in(people.person())
    for path in ("accounts/login/", "accounts/signup/", "accounts/password/reset/", "accounts/email/", "accounts/2fa/"):
        assert client.get(f"/{path}").status_code == 404
        assert client.get(f"/admin/{path}").status_code == 404
