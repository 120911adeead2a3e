"""Choosing among thousands: nothing of another tenant is found, and no page grows with the estate."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from identities.admin.searching import PAGE
from identities.inventory.models import ManagedIdentity
from identities.people.models import PortalRole, User
from tests.factories import pages, people

pytestmark = pytest.mark.django_db


@pytest.fixture
def ours():
    return pages.estate("harbour")


@pytest.fixture
def client(ours):
    return pages.signed_in(ours.person)


def asked(client, address, field, **query):
    return client.get(address, {"choices": field, **query})


def texts(answer) -> list[str]:
    return [result["text"] for result in answer.json()["results"]]


def crowd(of, count: int) -> None:
    User.objects.bulk_create(
        User(email=f"crowd{number:04}@example.com", first_name="Ann", tenant=of, password="!")
        for number in range(count)
    )


def test_another_tenants_people_and_identities_are_not_found(ours, client):
    pages.estate("quayside")
    assert texts(asked(client, pages.adding(ManagedIdentity), "business_owner", term="quayside")) == []
    assert texts(asked(client, pages.adding(type(ours.binding)), "identity", term="quayside")) == []
    assert len(texts(asked(client, pages.adding(type(ours.binding)), "identity"))) == 1


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.ANALYST, PortalRole.AUDITOR])
def test_who_may_not_open_the_form_may_not_search_in_it(ours, role):
    reader = pages.signed_in(people.person(of=ours.tenant, role=role))
    assert asked(reader, pages.adding(ManagedIdentity), "business_owner").status_code == 403


@pytest.mark.parametrize("field", ["", "name", "unknown", "__class__"])
def test_what_is_no_choice_of_the_form_is_a_404(client, field):
    assert asked(client, pages.adding(ManagedIdentity), field).status_code == 404


def test_disabled_people_machines_and_retired_identities_are_not_offered(ours, client):
    people.person(of=ours.tenant, email="gone@example.com", is_active=False)
    people.agent(of=ours.tenant)
    ManagedIdentity.objects.update(state="retired")
    assert texts(asked(client, pages.adding(ManagedIdentity), "business_owner", term="gone")) == []
    assert len(texts(asked(client, pages.adding(ManagedIdentity), "business_owner"))) == 1
    assert texts(asked(client, pages.adding(type(ours.binding)), "identity")) == []


def test_people_are_found_by_every_word_of_name_and_address(ours, client):
    User.objects.filter(pk=ours.person.pk).update(first_name="Ines", last_name="Marchetti")
    for term in ("ines", "MARCH ines", "harbour@"):
        found = texts(asked(client, pages.adding(ManagedIdentity), "business_owner", term=term))
        assert found == ["Ines Marchetti (harbour@example.com)"], term
    assert texts(asked(client, pages.adding(ManagedIdentity), "business_owner", term="ines nobody")) == []


@pytest.mark.parametrize("page", ["", "0", "-1", "x", "²", "99999999999999999999"])
def test_any_page_number_and_any_text_is_answered(client, page):
    found = asked(client, pages.adding(ManagedIdentity), "business_owner", page=page, term="\x00'%_\\" + "a " * 400)
    assert found.status_code == 200


def test_thousands_come_a_page_at_a_time_and_cost_the_same(ours, client):
    crowd(ours.tenant, 1000)
    with CaptureQueriesContext(connection) as queries:
        first = asked(client, pages.adding(ManagedIdentity), "business_owner", term="crowd")
    assert len(queries) <= 4
    assert (len(texts(first)), first.json()["pagination"]) == (PAGE, {"more": True})
    last = asked(client, pages.adding(ManagedIdentity), "business_owner", term="crowd", page="50")
    assert (len(texts(last)), last.json()["pagination"]) == (PAGE, {"more": False})


@pytest.mark.parametrize("kind", ["identity", "schedule"])
def test_a_form_holds_only_what_is_chosen_and_costs_few_queries(ours, client, kind):
    crowd(ours.tenant, 300)
    row = getattr(ours, kind)
    for address in (pages.adding(type(row)), pages.command(row, "edit")):
        with CaptureQueriesContext(connection) as queries:
            text = client.get(address).content.decode()
        assert len(queries) <= 12, [query["sql"][:100] for query in queries]
        assert "crowd0" not in text


def test_a_form_that_is_wrong_keeps_what_was_chosen_and_costs_few_queries(ours, client):
    User.objects.filter(pk=ours.person.pk).update(first_name="Ines")
    sent = {
        "workflow": ours.workflow.pk, "identity": ours.identity.pk, "vault": ours.vault.pk, "owner": ours.person.pk,
        "owner_team": ours.team.pk, "timezone": "UTC", "cron_expression": "nonsense",
    }  # fmt: skip
    with CaptureQueriesContext(connection) as queries:
        answer = client.post(pages.adding(type(ours.schedule)), sent)
    assert len(queries) <= 12, [query["sql"][:100] for query in queries]
    assert answer.status_code == 422
    assert f'<option value="{ours.person.pk}" selected>Ines (harbour@example.com)</option>' in answer.content.decode()


@pytest.mark.parametrize("value", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_what_was_never_offered_is_refused_and_not_shown(ours, client, value):
    foreign = pages.estate("quayside")
    for key in (value, str(foreign.identity.pk)):
        answer = client.post(pages.adding(type(ours.binding)), {"identity": key, "role": ours.role.pk, "reason": "x"})
        assert answer.status_code == 422
        assert "quayside" not in answer.content.decode()
