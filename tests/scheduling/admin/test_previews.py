"""The next runs of a rhythm, shown in the form before anything is saved."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from scheduling.models import Schedule
from tests.factories import pages

pytestmark = pytest.mark.django_db


@pytest.fixture
def ours():
    return pages.estate("harbour")


@pytest.fixture
def client(ours):
    return pages.signed_in(ours.person)


def previewed(client, address, **values):
    return client.post(address, {"preview": "1", "timezone": "Europe/Oslo", "jitter_seconds": "0", **values})


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"cron_expression": "every day"}, "cron_expression"),
        ({"cron_expression": "* * * * * *"}, "cron_expression"),
        ({}, "cron_expression"),
        ({"cron_expression": "0 2 * * *", "timezone": "Mars/Olympus"}, "timezone"),
        ({"cron_expression": "0 2 * * *", "jitter_seconds": "-1"}, "jitter_seconds"),
    ],
)
def test_a_rhythm_that_means_nothing_is_said_beside_its_field_and_nothing_else_is(client, values, field):
    answer = previewed(client, pages.adding(Schedule), **values)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert "Next 5 runs" not in answer.content.decode()


def test_the_next_five_runs_are_shown_in_words_and_times_while_the_rest_is_still_empty(client):
    recorded = AuditEvent.objects.count()
    answer = previewed(client, pages.adding(Schedule), cron_expression="30 2 * * *", jitter_seconds="20", name="Half")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "At 02:30, every day (Europe/Oslo). Nothing is saved yet." in text
    assert "Next 5 runs, up to 20 s later" in text
    assert text.count("02:30 (C") == 5
    assert 'value="Half"' in text
    assert (Schedule.objects.filter(name="Half").exists(), AuditEvent.objects.count()) == (False, recorded)


def test_a_preview_of_an_edit_changes_nothing_and_saving_still_works_after_it(ours, client):
    address = pages.command(ours.schedule, "edit")
    seen = client.get(address).context["seen"]
    before = ours.schedule.cron_expression
    with CaptureQueriesContext(connection) as queries:
        answer = previewed(client, address, cron_expression="0 0 1 1 *", seen=seen)
    assert len(queries) <= 12
    assert "Next 5 runs" in answer.content.decode()
    assert answer.context["seen"] == seen
    ours.schedule.refresh_from_db()
    assert ours.schedule.cron_expression == before


def test_a_form_without_a_preview_takes_the_word_for_nothing(ours, client):
    sent = client.post(pages.adding(type(ours.team)), {"preview": "1", "name": "Night shift"})
    assert sent.status_code == 302
