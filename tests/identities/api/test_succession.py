"""Routes of successions and transfers: only who is asked answers, and nothing of another tenant is there."""

import pytest
from django.utils import timezone

from identities.lifecycle import services as lifecycle
from identities.people.actors import actor_of
from identities.people.models import PortalRole
from identities.succession import cases, transfers
from identities.succession.models import OwnershipTransfer, SuccessionCase
from tests.factories import register

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return register.tenant()


@pytest.fixture
def admin(company):
    return register.person(company)


@pytest.fixture
def owner(company):
    return register.person(company, PortalRole.ANALYST)


@pytest.fixture
def deputy(company):
    return register.person(company, PortalRole.READ_ONLY)


@pytest.fixture
def bot(company, owner, deputy):
    return register.identity(company, technical_owner=owner, deputy_owner=deputy)


@pytest.fixture
def case(bot, owner, admin):
    lifecycle.disable_person(owner, reason="Left", actor=actor_of(admin))
    cases.tend(timezone.now())
    return SuccessionCase.objects.get(identity=bot)


def test_who_was_not_asked_gets_no_further_than_a_403(case, company):
    stranger = register.client_of(register.person(company, PortalRole.ANALYST))
    refused = stranger.post(f"/api/successions/{case.pk}/accept", {})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_asked")


def test_the_deputy_takes_it_over_whatever_their_role(case, deputy, bot):
    client = register.client_of(deputy)
    assert client.get("/api/successions?state=open").json()["results"][0]["asked"] == [deputy.email]
    answer = client.post(f"/api/successions/{case.pk}/accept", {"reason": "I know it"})
    assert (answer.status_code, answer.json()["state"]) == (200, "settled")
    bot.refresh_from_db()
    assert bot.technical_owner == deputy
    assert client.post(f"/api/successions/{case.pk}/accept", {}).status_code == 409


def test_a_no_without_a_reason_is_a_400_and_with_one_the_next_is_asked(case, deputy, admin):
    client = register.client_of(deputy)
    assert client.post(f"/api/successions/{case.pk}/decline", {}).json()["errors"]["reason"]
    answer = client.post(f"/api/successions/{case.pk}/decline", {"reason": "I leave too"})
    assert (answer.json()["step"], answer.json()["asked"]) == ("security", [admin.email])


def test_an_admin_hands_it_on_and_the_receiver_answers(bot, admin, deputy):
    answer = register.client_of(admin).post(
        f"/api/identities/{bot.pk}/transfer", {"receiver": deputy.email, "reason": "Yours now", "ticket": "OPS-1"}
    )
    assert (answer.status_code, answer.json()["id"]) == (200, str(bot.pk))
    client = register.client_of(deputy)
    (row,) = client.get("/api/transfers?mine=true&state=asked").json()["results"]
    assert (row["receiver"], row["ticket"], row["role"]) == (deputy.email, "OPS-1", "technical_owner")
    assert register.client_of(admin).post(f"/api/transfers/{row['id']}/accept", {}).status_code == 403
    accepted = client.post(f"/api/transfers/{row['id']}/accept", {})
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
    bot.refresh_from_db()
    assert bot.technical_owner == deputy


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({"reason": "x"}, "receiver"),
        ({"receiver": "nobody@example.com", "reason": "x"}, "receiver"),
        ({"receiver": "someone", "reason": "x", "role": "king"}, "role"),
        ({"receiver": "someone", "reason": "x", "colour": "red"}, "colour"),
        ({"receiver": "someone"}, "reason"),
    ],
)
def test_a_transfer_that_makes_no_sense_names_its_member(bot, admin, body, member):
    answer = register.client_of(admin).post(f"/api/identities/{bot.pk}/transfer", body)
    assert answer.status_code == 400
    assert member in answer.json()["errors"]


def test_a_machine_neither_hands_on_nor_takes_over(bot, case, company):
    machine = register.client_of_machine(register.identity(company), "identity.read", "identity.write")
    assert machine.get("/api/successions").status_code == 200
    assert machine.post(f"/api/successions/{case.pk}/accept", {}).status_code == 403
    assert machine.post(f"/api/identities/{bot.pk}/transfer", {"receiver": "x", "reason": "y"}).status_code == 403


def test_a_withdrawn_transfer_is_over(bot, admin, deputy):
    transfers.ask(bot, receiver=deputy, reason="Yours", actor=actor_of(admin))
    transfer = OwnershipTransfer.objects.get()
    answer = register.client_of(admin).post(f"/api/transfers/{transfer.pk}/withdraw", {"reason": "A mistake"})
    assert answer.json()["state"] == "withdrawn"
    assert register.client_of(deputy).post(f"/api/transfers/{transfer.pk}/accept", {}).status_code == 409


def test_another_tenant_sees_and_touches_nothing(case, bot, admin, deputy):
    transfers.ask(bot, receiver=deputy, reason="Yours", actor=actor_of(admin))
    transfer = OwnershipTransfer.objects.get()
    foreign = register.client_of(register.person(register.tenant()))
    assert foreign.get("/api/successions").json()["results"] == []
    assert foreign.get("/api/transfers").json()["results"] == []
    for route in (f"successions/{case.pk}/accept", f"transfers/{transfer.pk}/accept"):
        assert foreign.post(f"/api/{route}", {}).status_code == 404
    assert foreign.get(f"/api/successions/{case.pk}").status_code == 404
    assert foreign.post(f"/api/transfers/{transfer.pk}/withdraw", {"reason": "x"}).status_code == 404
    body = {"receiver": "x", "reason": "y"}
    assert foreign.post(f"/api/identities/{bot.pk}/transfer", body).status_code == 404
