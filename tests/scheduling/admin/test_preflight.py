"""What would fail is on the schedule, on the identity, on the overview and in the list, each with its button."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from identities.people.models import PortalRole
from scheduling.admin.preflight_all import NAME
from scheduling.models import Preflight, Schedule
from scheduling.preflight.problems import Mend, Problem
from tests.factories import pages, people, runs

pytestmark = pytest.mark.django_db(transaction=True)
#: The overview is among them: each of its panels asks once.
MOST_QUERIES = 13


@pytest.fixture
def ours():
    made = pages.estate("harbour")
    Schedule.objects.update(next_run_at=timezone.now() + timedelta(hours=1))
    return made


@pytest.fixture
def client(ours):
    return pages.signed_in(ours.person)


def failing(estate, mend=Mend.BIND_ROLE, *, hours=5, code="permission_missing", **facts):
    at = timezone.now()
    moment = at + timedelta(hours=hours)
    problem = Problem(
        code=code, text="Its role ends on Friday.", mend=mend, at=moment, identity_id=estate.identity.pk, **facts
    )
    values = {"checked_at": at, "occurrence_at": moment, "occurrences": 7, "is_clear": False}
    row, _ = Preflight.objects.update_or_create(
        schedule=estate.schedule, defaults={**values, "problems": [problem.as_json()]}
    )
    return row


def clear(schedule):
    return Preflight.objects.create(schedule=schedule, checked_at=timezone.now(), occurrences=7)


def text_of(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_schedule_says_what_would_fail_with_the_button_that_mends_it(ours, client):
    failing(ours)
    text = text_of(client, pages.page(ours.schedule))
    assert "A run that is due would fail." in text
    assert "Its role ends on Friday." in text
    assert f"{pages.adding(type(ours.binding))}?identity={ours.identity.pk}" in text


@pytest.mark.parametrize(
    ("mend", "place"),
    [
        (Mend.EXTEND_IDENTITY, "/do/edit/#id_expires_at"),
        (Mend.ENABLE_IDENTITY, "/do/enable/"),
        (Mend.NAME_OWNER, "/do/edit/#id_technical_owner"),
        (Mend.ISSUE_SECRET, "/do/issue-secret/"),
        (Mend.FINISH_ROTATION, "?tab=credentials"),
        (Mend.GRANT_SECRET, "?tab=access"),
        (Mend.CHOOSE_IDENTITY, "/do/edit/#id_identity"),
        (Mend.EDIT_SCHEDULE, "/do/edit/"),
        (Mend.EDIT_WORKFLOW, "/do/edit/"),
        (Mend.EDIT_POLICY, "/do/edit/"),
    ],
)
def test_each_mend_has_its_button(ours, client, mend, place):
    failing(ours, mend)
    assert place in text_of(client, pages.page(ours.schedule))


def test_who_may_mend_nothing_is_led_to_the_identity(ours):
    failing(ours)
    reader = pages.signed_in(people.person(of=ours.tenant, role=PortalRole.READ_ONLY))
    text = text_of(reader, pages.page(ours.schedule))
    assert "Open the identity" in text
    assert "Give it a role" not in text


def test_nothing_is_said_where_all_would_go_as_planned(ours, client):
    clear(ours.schedule)
    text = text_of(client, pages.page(ours.schedule))
    assert "would fail" not in text
    assert "7 runs in 7 days would go as planned" in text


def test_the_identity_says_it_too_and_only_that_one(ours, client):
    failing(ours)
    assert "harbour schedule would fail." in text_of(client, pages.page(ours.identity))
    other = runs.schedule(running=ours.workflow).managed_identity_id
    assert other != ours.identity.pk


def test_the_overview_shows_the_nearest_first_and_how_many(ours, client):
    failing(ours)
    text = text_of(client, "/admin/")
    assert "Would fail in the next 7 days" in text
    assert "Its role ends on Friday." in text
    assert "would-fail" in text


def test_the_first_run_that_fails_decides_the_order_not_the_first_that_is_due(ours, client):
    failing(ours, hours=90)
    sooner = runs.schedule(running=ours.workflow, name="Sooner", next_run_at=timezone.now() + timedelta(hours=3))
    near = failing(replace(ours, schedule=sooner), hours=30)
    Preflight.objects.filter(pk=near.pk).update(occurrence_at=timezone.now() + timedelta(days=1))
    text = text_of(client, "/admin/")
    assert 0 < text.index(">Sooner<") < text.index(f">{ours.schedule.name}<")


def test_the_overview_says_that_all_would_run_only_when_all_were_tried(ours, client):
    assert "1 of 1 schedules due in the next 7 days are not tried yet" in text_of(client, "/admin/")
    clear(ours.schedule)
    assert "The one schedule due in the next 7 days would run" in text_of(client, "/admin/")
    second = runs.schedule(running=ours.workflow, next_run_at=timezone.now() + timedelta(hours=1))
    clear(second)
    assert "All 2 schedules due in the next 7 days would run" in text_of(client, "/admin/")
    Schedule.objects.update(next_run_at=timezone.now() + timedelta(days=9))
    assert "Nothing is due in the next 7 days" in text_of(client, "/admin/")


def test_the_list_can_be_narrowed_to_what_would_fail(ours, client):
    fine = runs.schedule(running=ours.workflow, name="Fine one")
    failing(ours)
    text = text_of(client, f"{pages.listing(Schedule)}?state=would-fail")
    assert ours.schedule.name in text
    assert fine.name not in text


def test_the_button_tries_it_and_says_how_it_went(ours, client):
    answer = client.post(pages.command(ours.schedule, "preflight"), follow=True)
    assert "Not every run of the next 7 days would go as planned" in answer.content.decode()
    assert not Preflight.objects.get(schedule=ours.schedule).is_clear


def test_who_does_not_operate_it_has_no_button(ours):
    reader = pages.signed_in(people.person(of=ours.tenant, role=PortalRole.READ_ONLY))
    assert reader.post(pages.command(ours.schedule, "preflight")).status_code == 403
    assert not Preflight.objects.exists()


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.AUDITOR])
def test_who_operates_nothing_may_not_try_all(ours, role):
    reader = pages.signed_in(people.person(of=ours.tenant, role=role))
    assert reader.get(reverse(f"admin:{NAME}")).status_code == 403
    assert reader.post(reverse(f"admin:{NAME}")).status_code == 403
    assert "Preflight all" not in text_of(reader, pages.listing(Schedule))


def test_all_are_tried_part_after_part_and_never_those_of_others(ours, client):
    foreign = pages.estate("elsewhere")
    Schedule.objects.filter(pk=foreign.schedule.pk).update(next_run_at=timezone.now() + timedelta(hours=1))
    runs.schedule(running=ours.workflow, next_run_at=timezone.now() + timedelta(hours=2))
    assert "Preflight all" in text_of(client, pages.listing(Schedule))
    assert "Preflight all: 2 schedules" in text_of(client, reverse(f"admin:{NAME}"))
    answer = client.post(reverse(f"admin:{NAME}"))
    while "data-go-on" in (text := text_of(client, answer.headers["Location"])):
        answer = client.post(answer.headers["Location"])
    assert "Preflight: 2 of 2 tried" in text
    assert "Its role ends" not in text
    assert not Preflight.objects.filter(schedule=foreign.schedule).exists()


def test_an_analyst_tries_all_of_their_own(ours):
    analyst = people.person(of=ours.tenant, role=PortalRole.ANALYST)
    runs.schedule(running=ours.workflow, next_run_at=timezone.now() + timedelta(hours=2), owner=analyst)
    assert "Preflight all: 1 schedule<" in text_of(pages.signed_in(analyst), reverse(f"admin:{NAME}"))


@pytest.mark.parametrize("query", ["since=yesterday", "since=2027-01-01T00:00:00", "since=&after=x"])
def test_an_address_that_means_nothing_begins_anew(client, query):
    assert "Preflight all: 1 schedule" in text_of(client, f"{reverse(f'admin:{NAME}')}?{query}")


def test_pages_with_a_preflight_cost_few_queries(ours, client):
    failing(ours)
    for address in ("/admin/", pages.listing(Schedule), pages.page(ours.schedule), pages.page(ours.identity)):
        with CaptureQueriesContext(connection) as found:
            client.get(address)
        assert len(found) <= MOST_QUERIES, (address, [query["sql"][:120] for query in found])
