"""The red banner: on overview, schedule and identity, with cause, owner and the button that mends it."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from identities.inventory.states import State
from identities.people.models import PortalRole
from scheduling.models import RunState, Schedule
from scheduling.services import blocking
from tests.factories import pages, people

pytestmark = pytest.mark.django_db

LIVE = reverse("admin:scheduling_blocked")
SAYS = "cannot act as its identity"


@pytest.fixture
def ours():
    return pages.estate("harbour")


@pytest.fixture
def client(ours):
    return pages.signed_in(ours.person)


def block(estate, code="mint_refused", reason="The client secret is not valid"):
    run = pages.ended_run(estate.schedule, state=RunState.FAILED, code=code, reason=reason)
    blocking.note_end(run, succeeded=False, cause=code, reason=reason, at=timezone.now())
    return run


def test_without_a_blocked_schedule_nothing_is_red(ours, client):
    for address in (reverse("admin:index"), pages.page(ours.schedule), pages.page(ours.identity), LIVE):
        answer = client.get(address)
        assert answer.status_code == 200
        assert SAYS not in answer.content.decode()


def test_cause_owner_and_mending_are_said_on_overview_schedule_and_identity(ours, client):
    run = block(ours)
    for address in (reverse("admin:index"), pages.page(ours.schedule), pages.page(ours.identity), LIVE):
        text = client.get(address).content.decode()
        assert SAYS in text
        assert "The client secret is not valid" in text
        assert "the identity has no owner" in text
        assert pages.command(ours.identity, "issue-secret") in text
        assert str(run.pk) in text


@pytest.mark.parametrize(
    ("code", "changes", "leads_to"),
    [
        ("secret_unresolved", {}, lambda it: pages.command(it.schedule, "edit")),
        ("identity_disabled", {"state": State.DISABLED}, lambda it: pages.command(it.identity, "enable")),
        ("identity_disabled", {"state": State.QUARANTINED}, lambda it: pages.page(it.identity)),
        ("identity_disabled", {}, lambda it: pages.command(it.schedule, "run-now")),
    ],
)
def test_the_button_mends_the_cause_as_it_is_now(ours, client, code, changes, leads_to):
    block(ours, code)
    type(ours.identity).objects.filter(pk=ours.identity.pk).update(**changes)
    assert f'href="{leads_to(ours)}"' in client.get(LIVE).content.decode()


def test_an_identity_that_is_not_there_is_replaced_on_the_schedule(ours, client):
    Schedule.objects.filter(pk=ours.schedule.pk).update(managed_identity_id=ours.person.pk)
    block(ours, "identity_not_found")
    assert f'href="{pages.command(ours.schedule, "edit")}"' in client.get(LIVE).content.decode()


def test_a_success_takes_the_banner_away(ours, client):
    run = block(ours)
    run.schedule.refresh_from_db()
    blocking.note_end(run, succeeded=True, cause="", reason="", at=timezone.now())
    assert SAYS not in client.get(LIVE).content.decode()


def test_more_than_three_end_in_a_way_to_the_list(ours, client):
    for number in range(4):
        other = Schedule.objects.get(pk=ours.schedule.pk)
        other.pk, other.name = None, f"copy {number}"
        other.id = type(ours.schedule)().id
        other.save(force_insert=True)
        run = pages.ended_run(other, state=RunState.FAILED, code="mint_refused")
        blocking.note_end(run, succeeded=False, cause="mint_refused", reason="No", at=timezone.now())
    text = client.get(LIVE).content.decode()
    assert text.count(SAYS) == 3
    assert "More schedules" in text
    listed = client.get(pages.listing(Schedule), {"state": "blocked"}).content.decode()
    assert listed.count(">blocked<") == 4


def test_another_tenants_banner_is_not_seen_even_by_its_id(ours):
    theirs = pages.estate("mill")
    block(theirs)
    client = pages.signed_in(people.person(of=ours.tenant, role=PortalRole.ADMIN))
    for query in ({}, {"schedule": str(theirs.schedule.pk)}, {"identity": str(theirs.identity.pk)}):
        assert SAYS not in client.get(LIVE, query).content.decode()


def test_the_place_is_for_people_who_are_signed_in_and_takes_no_nonsense(ours, client):
    assert Client().get(LIVE).status_code == 302
    assert client.get(LIVE, {"schedule": "x"}).status_code == 404
    assert client.post(LIVE).status_code == 405


def test_the_place_costs_one_query_beside_the_session_and_the_person(ours, client, django_assert_max_num_queries):
    block(ours)
    with django_assert_max_num_queries(4):
        client.get(LIVE)


def test_who_may_not_mend_is_led_to_the_identity_and_not_to_a_shut_door(ours):
    block(ours)
    reader = pages.signed_in(people.person(of=ours.tenant, role=PortalRole.READ_ONLY))
    text = reader.get(LIVE).content.decode()
    assert f"Open {ours.identity.name}" in text
    assert "issue-secret" not in text


def test_a_page_of_a_going_run_renews_itself_until_it_has_ended(ours, client):
    going = pages.ended_run(ours.schedule, state=RunState.RUNNING)
    assert " data-follow" in client.get(pages.page(going)).content.decode()
    ended = pages.ended_run(ours.schedule, state=RunState.SUCCEEDED)
    assert " data-follow" not in client.get(pages.page(ended)).content.decode()
