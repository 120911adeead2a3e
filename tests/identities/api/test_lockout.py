"""The admin's own sign-in is limited by the same count."""

from urllib.parse import urlencode

import pytest
from axes.models import AccessAttempt
from django.test import RequestFactory

from audit.models import AuditEvent
from identities.api import lockout
from identities.people import tries
from tests.factories import people as cast

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("credentials", [{"username": " Ada@Example.com"}, {"email": "ADA@example.com "}])
def test_an_account_is_counted_by_its_address_however_it_is_written(credentials):
    assert lockout.username(None, credentials) == "ada@example.com"


@pytest.mark.parametrize("typed", ["Correct-Horse-1", "P@ssw0rd!-Horse"])
def test_a_password_typed_where_the_address_belongs_is_kept_nowhere(client, db, typed):
    for path, name, kind in (
        ("/admin/login/", "username", "application/x-www-form-urlencoded"),
        ("/api/auth/login", "email", "application/json"),
    ):
        body = {name: typed, "password": "x"}
        client.post(path, urlencode(body) if "form" in kind else body, content_type=kind)
    assert AccessAttempt.objects.count() > 0
    assert AuditEvent.objects.filter(type="user.sign_in_refused").count() == 2
    for model in (AccessAttempt, AuditEvent):
        assert typed.lower() not in repr(list(model.objects.values())).lower()


def test_without_credentials_the_posted_form_is_looked_at():
    request = RequestFactory().post("/admin/login/", {"username": "Ada@example.com"})
    assert lockout.username(request, None) == "ada@example.com"
    assert lockout.username(None, None) is None


def test_the_admin_shuts_with_429_and_retry_after_after_ten_failures(client):
    user = cast.person()
    for _ in range(10):
        answer = client.post("/admin/login/", {"username": user.email, "password": "Wrong-Horse-9"})
    right = client.post("/admin/login/", {"username": user.email.upper(), "password": cast.PASSWORD})
    assert (answer.status_code, right.status_code) == (429, 429)
    assert right["Retry-After"] == "900"
    assert "steward_session" not in client.cookies


@pytest.mark.parametrize(
    ("path", "name", "kind"),
    [
        ("/api/auth/login", "email", "application/json"),
        ("/admin/login/", "username", "application/x-www-form-urlencoded"),
    ],
)
def test_an_address_that_tries_many_accounts_is_shut_out_for_a_minute(client, monkeypatch, path, name, kind):
    monkeypatch.setattr(tries, "FAILURES_A_MINUTE", 5)
    user = cast.person()

    def knock(email, password="Wrong-Horse-9", address="192.0.2.1"):
        body = {name: email, "password": password}
        sent = urlencode(body) if "form" in kind else body
        return client.post(path, sent, content_type=kind, REMOTE_ADDR=address)

    below = [knock(f"person-{number}@example.com").status_code for number in range(5)]
    assert 429 not in below
    for answer in (knock("one-more@example.com"), knock(user.email, cast.PASSWORD)):
        assert answer.status_code == 429
        assert 1 <= int(answer["Retry-After"]) <= 60
        assert b"Too many failed sign-ins from here" in answer.content
    assert AuditEvent.objects.filter(type="user.sign_in_refused").count() == 5
    assert not AccessAttempt.objects.filter(username__in=["one-more@example.com", user.email]).exists()
    assert knock(user.email, cast.PASSWORD, address="192.0.2.2").status_code in {200, 302}


def test_the_api_says_so_with_a_problem_document(client, monkeypatch):
    monkeypatch.setattr(tries, "FAILURES_A_MINUTE", 0)
    body = {"email": "ada@example.com", "password": "Wrong-Horse-9"}
    answer = client.post("/api/auth/login", body, content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (429, "application/problem+json")
    assert answer.json()["code"] == "too_many_failures"


def test_ones_own_password_page_is_shut_with_the_rest(client, monkeypatch):
    client.force_login(cast.person(), backend="identities.access.backends.PortalBackend")
    monkeypatch.setattr(tries, "FAILURES_A_MINUTE", 0)
    new = "Another-Horse-2"
    answer = client.post("/admin/password_change/", {"current": cast.PASSWORD, "password": new, "again": new})
    assert answer.status_code == 422
    assert "Too many failed sign-ins from here" in answer.content.decode()
