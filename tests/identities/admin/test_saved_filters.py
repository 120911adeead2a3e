"""Filters under a name: saved from a list, shown above it, one's own to remove."""

import pytest
from django.test import Client
from django.urls import reverse

from identities.inventory.models import ManagedIdentity
from identities.people.models import PortalRole
from identities.programme.models import SavedFilter
from tests.factories import pages, people

pytestmark = pytest.mark.django_db
SAVE, PAGE = "/admin/filters/save/", "identities.managedidentity"


@pytest.fixture
def ours():
    return pages.estate("harbour")


@pytest.fixture
def client(ours):
    return pages.signed_in(ours.person)


def save(client, **facts):
    sent = {"page": PAGE, "name": "Red ones", "query": "triage=red", **facts}
    return client.post(SAVE, sent, follow=True)


def test_a_stranger_saves_nothing():
    assert Client().post(SAVE, {"page": PAGE, "name": "x", "query": "a=b"}).status_code == 302
    assert not SavedFilter.objects.exists()


@pytest.mark.parametrize("page", ["auth.user", "nonsense", "", "identities.savedfilter"])
def test_a_list_that_is_not_there_has_no_filters(client, page):
    assert save(client, page=page).status_code == 404


def test_a_filter_is_saved_and_stands_above_the_list(ours, client):
    answer = save(client)
    assert answer.redirect_chain[-1][0].endswith("?triage=red")
    text = answer.content.decode()
    assert 'href="?triage=red"' in text
    assert "Red ones" in text
    assert SavedFilter.objects.get().tenant == ours.tenant


def test_what_is_wrong_is_said_on_the_list(client):
    save(client)
    assert "saved a filter" in save(client).content.decode()
    assert "name of at most" in save(client, name="").content.decode()
    assert "Choose a filter" in save(client, name="All", query="").content.decode()
    assert SavedFilter.objects.count() == 1


def test_a_filter_is_seen_by_others_only_when_it_is_shared(ours, client):
    save(client, name="mine alone")
    save(client, name="for all of us", shared="1", query="triage=amber")
    theirs = pages.estate("other")
    listing = pages.listing(ManagedIdentity)
    seen = pages.signed_in(people.person(of=ours.tenant)).get(listing).content.decode()
    assert "for all of us" in seen
    assert "mine alone" not in seen
    assert "for all of us" not in pages.signed_in(theirs.person).get(listing).content.decode()


def test_who_only_reads_keeps_filters_to_themselves(ours):
    reader = pages.signed_in(people.person(of=ours.tenant, role=PortalRole.READ_ONLY))
    save(reader, shared="1")
    assert SavedFilter.objects.get().is_shared is False


def test_nobody_removes_the_filter_of_another(ours, client):
    save(client, shared="1")
    address = reverse("admin:filter_remove", args=[SavedFilter.objects.get().pk])
    other = pages.signed_in(people.person(of=ours.tenant))
    assert other.post(address).status_code == 404
    assert client.get(address).status_code == 405
    assert client.post(address, {"back": "https://evil.example/"})["Location"] == pages.listing(ManagedIdentity)
    assert not SavedFilter.objects.exists()


def test_a_name_is_text_and_never_markup(client):
    save(client, name="<script>alert(1)</script>")
    assert "<script>alert" not in client.get(pages.listing(ManagedIdentity)).content.decode()
