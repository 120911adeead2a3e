"""Errors and the shut door: in the house's style, without a trace of what is inside."""

from types import SimpleNamespace

import pytest
from django.template.loader import render_to_string
from django.test import Client

from identities.admin import dashboard
from identities.people.models import PortalRole
from tests.factories import pages, people

pytestmark = pytest.mark.django_db
LOGIN = "/admin/login/"


def is_ours(response, title: str) -> bool:
    text = response.content.decode()
    return f"<h1>{title}</h1>" in text and "steward/plain" in text and "<script" not in text and "style=" not in text


def test_an_unknown_address_says_so_to_everybody():
    client = pages.signed_in(people.person())
    for address in ("/nonsense", "/admin/nonsense/", "/admin/identities/managedidentity/nonsense/change/"):
        answer = client.get(address)
        assert answer.status_code == 404
        assert is_ours(answer, "There is no such page")


def test_what_a_role_may_not_do_is_said_in_words():
    reader = pages.signed_in(people.person(role=PortalRole.READ_ONLY))
    answer = reader.get("/admin/identities/managedidentity/add/")
    assert answer.status_code == 403
    assert is_ours(answer, "This is not yours to see or do")


def test_a_form_without_its_token_saves_nothing_and_says_what_to_do():
    client = Client(enforce_csrf_checks=True)
    answer = client.post(LOGIN, {"username": "a@example.com", "password": "x"})
    assert answer.status_code == 403
    assert is_ours(answer, "This form is out of date")
    assert b"DEBUG" not in answer.content


def test_a_crash_shows_nothing_of_itself(monkeypatch):
    def crash(*args):
        raise RuntimeError("the inside of it")

    monkeypatch.setattr(dashboard, "view", crash)
    client = pages.signed_in(people.person())
    client.raise_request_exception = False
    answer = client.get("/admin/")
    assert answer.status_code == 500
    assert is_ours(answer, "Something went wrong here")
    assert b"the inside of it" not in answer.content


def test_a_shut_door_says_for_how_long(settings):
    settings.AXES_ENABLED = True
    person = people.person()
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = Client().post(LOGIN, {"username": person.email, "password": "wrong"})
    assert answer.status_code == 429
    assert answer["Retry-After"] == "900"
    assert is_ours(answer, "Too many failed sign-ins from here")
    assert b"for 15 minutes" in answer.content


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "500"])
def test_every_plain_page_draws_without_a_request(name):
    assert "Steward" in render_to_string(f"{name}.html", {"reason": SimpleNamespace()})
