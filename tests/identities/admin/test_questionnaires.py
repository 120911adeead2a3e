"""The pages of questionnaires: making the link, and answering it without an account."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from identities.discovery import questionnaires
from identities.discovery.models import Questionnaire
from identities.inventory.models import ManagedIdentity
from identities.people.models import PortalRole
from tests.factories import pages, people
from tests.factories.imports import SYSTEM

pytestmark = pytest.mark.django_db
ANSWER = {"name": "payroll bot", "kind": "bot", "purpose": "Pays.", "auth_method": "unknown"}


@pytest.fixture
def admin():
    return people.person()


@pytest.fixture
def opened(admin):
    at = timezone.now() + timedelta(days=3)
    return questionnaires.begin(tenant=admin.tenant, title="Mainframe", expires_at=at, actor=SYSTEM)


@pytest.fixture
def address(opened):
    return f"/questionnaire/{opened.token}"


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.ANALYST, PortalRole.AUDITOR])
def test_only_an_admin_makes_or_sees_one(admin, opened, role):
    client = pages.signed_in(people.person(of=admin.tenant, role=role))
    for asked in (pages.listing(Questionnaire), pages.adding(Questionnaire), pages.page(opened.questionnaire)):
        assert client.get(asked).status_code == 403


def test_an_unknown_link_and_a_closed_one_say_so_plainly(client, opened, address):
    answer = client.get("/questionnaire/nothing")
    assert answer.status_code == 404
    assert "no such questionnaire" in answer.content.decode()
    questionnaires.close(opened.questionnaire, reason="Done.", actor=SYSTEM)
    for answer in (client.get(address), client.post(address, ANSWER)):
        assert answer.status_code == 410
        assert "closed" in answer.content.decode()
    assert not ManagedIdentity.objects.filter(name="payroll bot").exists()


def test_it_cannot_be_answered_from_another_site(address):
    assert Client(enforce_csrf_checks=True).post(address, ANSWER).status_code == 403


def test_who_asks_too_often_waits(client, address):
    for _ in range(30):
        assert client.get(address).status_code == 200
    answer = client.get(address)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": "x" * 121}, {"kind": "dragon"}, {"technical_owner": "nobody"}, {"purpose": ""}]
)
def test_what_does_not_fit_is_said_beside_its_field(client, address, wrong):
    answer = client.post(address, {**ANSWER, **wrong})
    assert answer.status_code == 422
    assert "alert" in answer.content.decode()
    assert not ManagedIdentity.objects.filter(name="payroll bot").exists()


def test_a_secret_is_refused_and_not_sent_back(client, address):
    secret = "AKIA" + "IOSFODNN7EXAMPLQ password=hunter2hunter2"
    answer = client.post(address, {**ANSWER, "stored_at": secret})
    assert answer.status_code == 422
    assert "reads like a secret" in answer.content.decode()
    assert "hunter2" not in answer.content.decode()


def test_the_page_asks_for_no_sign_in_and_tells_nothing_of_the_register(client, admin, address):
    pages.estate("harbour")
    answer = client.get(address)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Mainframe" in text
    assert "harbour" not in text
    assert admin.tenant.name not in text
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "<script" not in text


def test_answers_become_drafts_one_after_the_other(client, address):
    lines = "SAP\nBank"
    text = client.post(address, {**ANSWER, "downstream_systems": lines, "environment": "production"}).content.decode()
    assert "“payroll bot” is noted" in text
    client.post(address, {**ANSWER, "name": "<b>second</b>"})
    assert ManagedIdentity.objects.get(name="payroll bot").downstream_systems == ["SAP", "Bank"]
    assert ManagedIdentity.objects.filter(state="requested").count() == 2


def test_the_link_is_shown_once_to_who_made_it(admin):
    client = pages.signed_in(admin)
    until = (timezone.now() + timedelta(days=5)).strftime("%Y-%m-%dT%H:%M")
    made = client.post(pages.adding(Questionnaire), {"title": "Mainframe", "expires_at": until})
    link = re.search(r"/questionnaire/[A-Za-z0-9_-]{43}", made.content.decode())
    assert link is not None
    assert Client().get(link[0]).status_code == 200
    found = Questionnaire.objects.get()
    assert link[0] not in client.get(pages.page(found)).content.decode()
    client.post(pages.command(found, "close"), {"reason": "Done."})
    assert Client().get(link[0]).status_code == 410
