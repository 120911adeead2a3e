"""Deeds on many identities from the list: refused first, shown before they are done, told to the end."""

import pytest
from django.test import Client

from identities.admin import bulk, bulk_jobs
from identities.inventory.models import ManagedIdentity
from identities.people.models import PortalRole
from tests.factories import pages, people, register

pytestmark = pytest.mark.django_db
BEGIN = "/admin/identities/managedidentity/bulk/"


@pytest.fixture(autouse=True)
def _patience(monkeypatch):
    """One request does it all, however slow the machine is; that it stops in between has a test of its own."""
    monkeypatch.setattr(bulk_jobs, "SECONDS", 3600)


@pytest.fixture
def here():
    return people.tenant("Harbour")


@pytest.fixture
def client(here) -> Client:
    return pages.signed_in(people.person(of=here))


@pytest.fixture
def bots(here):
    return [register.identity(here, name=f"bot-{number}", tags={"n": str(number)}) for number in range(3)]


def begin(client, deed, *identities, **more):
    sent = {"deed": deed, "ids": [str(one.pk) for one in identities], "filter": "", **more}
    return client.post(BEGIN, sent)


def states(bots):
    return [ManagedIdentity.objects.get(pk=bot.pk).state for bot in bots]


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.ANALYST, PortalRole.AUDITOR])
def test_who_only_reads_begins_nothing_and_is_offered_nothing(here, bots, role):
    client = pages.signed_in(people.person(of=here, role=role))
    assert begin(client, "disable", *bots).status_code == 403
    assert b"Look at what would change" not in client.get(pages.listing(ManagedIdentity)).content


def test_nothing_ticked_leads_back_with_a_word(client, bots):
    response = begin(client, "disable")
    assert response.url == pages.listing(ManagedIdentity)
    assert bulk.NONE_CHOSEN in client.get(response.url).content.decode()


def test_more_than_the_bound_is_refused(client, bots, monkeypatch):
    monkeypatch.setattr(bulk, "MOST", 2)
    response = begin(client, "disable", all="1")
    assert response.url == pages.listing(ManagedIdentity)
    assert states(bots) == ["active"] * 3


def test_another_tenants_identities_are_not_chosen(client):
    theirs = register.identity(people.tenant("Elsewhere"))
    assert begin(client, "retire", theirs).url == pages.listing(ManagedIdentity)


def test_identities_of_several_tenants_are_not_changed_together(here, bots):
    client = pages.signed_in(people.platform_admin(of=here))
    theirs = register.identity(people.tenant("Elsewhere"))
    client.post("/admin/tenant/", {"tenant": "every"})
    assert begin(client, "disable", bots[0], theirs).url == pages.listing(ManagedIdentity)


def test_a_job_is_nobody_elses(here, client, bots):
    address = begin(client, "disable", *bots).url
    assert pages.signed_in(people.person(of=here)).get(address).status_code == 404


@pytest.mark.parametrize("sent", [{}, {"deed": "delete"}, {"deed": "disable", "ids": "rubbish"}])
def test_rubbish_changes_nothing(client, bots, sent):
    assert client.post(BEGIN, sent).status_code in {302, 404}
    assert client.get(BEGIN).status_code == 405
    assert states(bots) == ["active"] * 3


def test_a_deed_without_a_reason_is_not_done(client, bots):
    address = begin(client, "disable", *bots).url
    assert client.post(address, {"reason": "", "confirm": "1", "word": "disable"}).status_code == 422
    assert states(bots) == ["active"] * 3


def test_a_grave_deed_on_several_wants_its_word(client, bots):
    address = begin(client, "retire", *bots).url
    response = client.post(address, {"reason": "Over", "confirm": "1", "word": "yes"})
    assert response.status_code == 422
    assert "retire" in response.content.decode()
    assert states(bots) == ["active"] * 3


def test_what_would_change_is_shown_and_nothing_is_done_yet(client, bots):
    address = begin(client, "review", *bots).url
    assert b"Show what will change" in client.get(address).content
    text = client.post(address, {"review_by": "2031-05-01", "reason": "Yearly", "preview": "1"}).content.decode()
    assert "2031-05-01" in text
    assert "What will change: 3" in text
    assert not ManagedIdentity.objects.filter(review_by__year=2031).exists()


def test_it_is_done_and_told_row_by_row(client, bots):
    ManagedIdentity.objects.filter(pk=bots[2].pk).update(state="requested")
    address = begin(client, "disable", *bots).url
    assert "Not possible here: 1" in client.get(address).content.decode()
    response = client.post(address, {"reason": "Incident", "confirm": "1", "word": "disable"}, follow=True)
    text = response.content.decode()
    assert "2 of 3 done, 1 not" in text
    assert "It is requested: it cannot become disabled." in text
    assert states(bots) == ["disabled", "disabled", "requested"]


def test_it_goes_on_where_it_stopped_and_tells_how_far_it_is(client, bots, monkeypatch):
    monkeypatch.setattr(bulk_jobs, "SECONDS", -1)
    address = begin(client, "disable", *bots).url
    text = client.post(address, {"reason": "Incident", "confirm": "1", "word": "disable"}, follow=True).content.decode()
    assert "1 of 3 looked at, 2 to go" in text
    for _ in range(2):
        client.post(address)
    assert "Finished" in client.get(address).content.decode()
    assert states(bots) == ["disabled"] * 3


def test_all_that_match_are_those_of_the_filter(client, bots):
    address = begin(client, "tag", all="1", filter="q=bot-1").url
    sent = {"add": "hot\ncost=4711", "remove": "n", "reason": "Order", "confirm": "1"}
    client.post(address, sent)
    assert [ManagedIdentity.objects.get(pk=bot.pk).tags for bot in bots] == [
        {"n": "0"}, {"hot": "", "cost": "4711"}, {"n": "2"},
    ]  # fmt: skip


def test_all_of_an_owners_are_handed_over(here, client, bots):
    former, next_one = people.person(of=here), people.person(of=here)
    for bot in bots[:2]:
        register.inventory.change(bot, facts={"technical_owner": former.email}, actor=pages.SYSTEM)
    address = begin(client, "owner", all="1", filter=f"owner={former.pk}").url
    assert client.get(f"{address}?choices=person&term={next_one.email}").json()["results"]
    client.post(address, {"role": "technical_owner", "person": str(next_one.pk), "reason": "Left", "confirm": "1"})
    owners = list(ManagedIdentity.objects.order_by("name").values_list("technical_owner", flat=True))
    assert owners == [next_one.pk, next_one.pk, None]


@pytest.mark.parametrize(
    "sent",
    [{"role": "technical_owner"}, {"role": "owner_team"}, {"role": "owner_team", "person": "own"}, {"role": "x"}],
)
def test_an_owner_must_fit_the_role(here, client, bots, sent):
    person = people.person(of=here)
    address = begin(client, "owner", *bots).url
    sent = {name: str(person.pk) if value == "own" else value for name, value in sent.items()}
    assert client.post(address, {**sent, "reason": "x", "confirm": "1"}).status_code == 422


def test_a_double_click_does_not_do_it_twice(client, bots):
    address = begin(client, "disable", bots[0]).url
    for _ in range(2):
        client.post(address, {"reason": "Incident", "confirm": "1"})
    assert "1 of 1 done" in client.get(address).content.decode()
