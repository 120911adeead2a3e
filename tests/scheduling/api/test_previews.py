"""When it will run, in words and in two times."""

import pytest

from identities.people.models import PortalRole
from scheduling.api.examples import PREVIEW
from scheduling.models import Schedule
from tests.factories import register
from tests.scheduling.api.conftest import SCHEDULES

pytestmark = pytest.mark.django_db
PATH = f"{SCHEDULES}/preview"


def ask(client, **changes):
    return client.post(PATH, {**PREVIEW, **changes}, format="json")


@pytest.mark.parametrize("role", list(PortalRole))
def test_every_role_may_look_at_a_rhythm_and_nothing_is_saved(house, role):
    answer = ask(house.as_(role))
    assert answer.status_code == 200, answer.content
    assert answer.json() == {
        "description": "At 02:30, every day (Europe/Berlin)",
        "runs": [
            {"utc": "2026-10-23T00:30:00Z", "local": "2026-10-23T02:30:00+02:00"},
            {"utc": "2026-10-24T00:30:00Z", "local": "2026-10-24T02:30:00+02:00"},
            {"utc": "2026-10-25T00:30:00Z", "local": "2026-10-25T02:30:00+02:00"},
        ],
    }
    assert not Schedule.objects.exists()


def test_runs_are_strictly_after_the_start(house):
    first = ask(house.as_(), start="2026-10-23T00:30:00Z", count=1).json()["runs"][0]
    assert first["utc"] == "2026-10-24T00:30:00Z"


def test_the_start_may_be_given_in_any_zone_or_left_out(house):
    assert ask(house.as_(), start="2026-10-23T02:00:00+02:00").json() == ask(house.as_()).json()
    answer = house.as_().post(PATH, {"cronExpression": "* * * * *", "timezone": "UTC"}, format="json")
    assert len(answer.json()["runs"]) == 5


@pytest.mark.parametrize(
    ("changes", "member"),
    [
        ({"cronExpression": "@daily"}, "cronExpression"),
        ({"cronExpression": "0 0 30 2 *"}, "cronExpression"),
        ({"timezone": "+01:00"}, "timezone"),
        ({"count": 0}, "count"),
        ({"count": 101}, "count"),
        ({"start": "yesterday"}, "start"),
        ({"start": "1875-01-01T00:00:00Z"}, "start"),
        ({"start": "9998-01-01T00:00:00Z"}, "start"),
        ({"name": "x"}, "name"),
    ],
)
def test_what_does_not_fit_is_a_400_that_names_the_member(house, changes, member):
    answer = ask(house.as_(), **changes)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [member])


def test_a_stranger_sees_nothing(house):
    from rest_framework.test import APIClient

    assert ask(APIClient()).status_code == 401


def test_a_saved_schedule_is_previewed_by_who_may_operate_it(house):
    one = house.schedule(timezone="Europe/Berlin")["id"]
    answer = house.as_().get(f"{SCHEDULES}/{one}/preview?count=2")
    assert answer.json()["description"] == "At 06:00, on the 25th of every month (Europe/Berlin)"
    assert [run["local"][11:16] for run in answer.json()["runs"]] == ["06:00", "06:00"]
    assert house.as_().get(f"{SCHEDULES}/{one}/preview?count=1000").status_code == 400


def test_a_machine_needs_the_permission(house):
    assert ask(register.client_of_machine(house.identity)).status_code == 403
    assert ask(register.client_of_machine(house.identity, "schedule.read")).status_code == 200
