"""The admin's own sign-in is limited by the same count."""

from urllib.parse import urlencode

import pytest
from axes.models import AccessAttempt
from django.test import RequestFactory

from audit.models import AuditEvent
from identities.api import lockout
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
