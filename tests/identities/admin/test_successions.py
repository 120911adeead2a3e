"""Pages of succession and of transfers, and what a person leaves behind."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from identities.lifecycle import services as lifecycle
from identities.people.actors import actor_of
from identities.people.models import PortalRole
from identities.succession import cases, transfers
from identities.succession.models import OwnershipTransfer, SuccessionCase
from tests.factories import pages, people, register

pytestmark = pytest.mark.django_db
MOST_QUERIES = 12


@pytest.fixture
def company():
    return register.tenant()


@pytest.fixture
def admin(company):
    return people.person(of=company)


@pytest.fixture
def owner(company):
    return people.person(of=company, role=PortalRole.ANALYST, first_name="Olga", last_name="Owner")


@pytest.fixture
def deputy(company):
    return people.person(of=company, role=PortalRole.ANALYST)


@pytest.fixture
def bot(company, owner, deputy):
    return register.identity(company, technical_owner=owner, deputy_owner=deputy)


@pytest.fixture
def case(bot, owner, admin):
    lifecycle.disable_person(owner, reason="Left", actor=actor_of(admin))
    cases.tend(timezone.now())
    return SuccessionCase.objects.get(identity=bot)


def text_of(client, address):
    with CaptureQueriesContext(connection) as found:
        response = client.get(address)
    assert response.status_code == 200, address
    assert len(found) <= MOST_QUERIES, [query["sql"][:140] for query in found]
    return response.content.decode()


def test_who_was_not_asked_finds_no_button_and_no_way(case, company):
    client = pages.signed_in(people.person(of=company, role=PortalRole.ANALYST))
    assert "Take it over" not in text_of(client, pages.page(case))
    assert client.post(pages.command(case, "accept"), {"reason": ""}).status_code == 403


def test_the_deputy_sees_it_on_every_page_and_takes_it_over(case, bot, deputy):
    client = pages.signed_in(deputy)
    assert "Caretaker state" in text_of(client, pages.page(bot, "ownership"))
    assert bot.name in text_of(client, pages.listing(SuccessionCase))
    assert "Take it over" in text_of(client, pages.page(case))
    assert client.post(pages.command(case, "accept"), {"reason": "Mine"}).status_code == 302
    bot.refresh_from_db()
    assert bot.technical_owner == deputy
    assert "taken over" in text_of(client, pages.page(case))


def test_a_no_is_kept_on_the_page(case, deputy):
    client = pages.signed_in(deputy)
    client.post(pages.command(case, "decline"), {"reason": "I leave as well"})
    assert "I leave as well" in text_of(client, pages.page(case))


def test_the_page_of_who_left_lists_what_they_left_and_who_is_next(case, owner, bot, deputy, admin):
    text = text_of(pages.signed_in(admin), pages.page(owner, "left"))
    assert "What they left behind" in text
    assert bot.name in text
    assert deputy.email in text


def test_somebody_who_is_here_is_told_what_they_would_leave(bot, deputy, admin):
    assert "What they answer for" in text_of(pages.signed_in(admin), pages.page(deputy, "left"))


def test_handing_on_shows_what_ends_and_asks_the_receiver(bot, admin, deputy):
    register.grant(bot, "workflow.execute", name="pays-wages")
    client = pages.signed_in(admin)
    assert "Hand on" in text_of(client, pages.page(bot, "ownership"))
    assert "pays-wages" in text_of(client, pages.command(bot, "transfer"))
    sent = {"receiver": str(deputy.pk), "role": "business_owner", "reason": "They run it"}
    assert client.post(pages.command(bot, "transfer"), sent).status_code == 302
    transfer = OwnershipTransfer.objects.get()
    theirs = pages.signed_in(deputy)
    assert "pays-wages" in text_of(theirs, pages.command(transfer, "accept"))
    assert client.post(pages.command(transfer, "accept"), {"confirm": "on"}).status_code == 403
    theirs.post(pages.command(transfer, "accept"), {"confirm": "on"})
    bot.refresh_from_db()
    assert bot.business_owner == deputy
    assert not bot.bindings.filter(ended_at=None).exists()


def test_a_transfer_of_another_tenant_is_not_there(bot, admin, deputy):
    transfers.ask(bot, receiver=deputy, reason="Yours", actor=actor_of(admin))
    foreign = pages.signed_in(people.person())
    assert foreign.get(pages.page(OwnershipTransfer.objects.get())).status_code == 404


def test_a_manager_is_named_on_the_persons_page(admin, owner, deputy):
    client = pages.signed_in(admin)
    address = pages.command(deputy, "manager")
    seen = client.get(address).context["seen"]
    sent = client.post(address, {"manager": str(owner.pk), "seen": seen})
    assert sent.status_code == 302, sent.context["form"].errors
    deputy.refresh_from_db()
    assert deputy.manager == owner
    assert owner.email in text_of(client, pages.page(deputy))
