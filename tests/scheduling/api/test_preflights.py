"""A schedule is tried over the API: who may, what is answered, and that nothing else comes of it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from identities.people.models import PortalRole
from scheduling.models import Preflight, Schedule, ScheduleRun
from tests.factories import register
from tests.scheduling.api.conftest import SCHEDULES

pytestmark = pytest.mark.django_db(transaction=True)


def path(schedule):
    return f"{SCHEDULES}/{schedule['id']}/preflight"


@pytest.fixture
def nightly(house):
    made = house.schedule(cronExpression="0 2 * * *", timezone="Europe/Berlin")
    Schedule.objects.update(next_run_at=timezone.now() + timedelta(hours=1))
    return made


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.AUDITOR, PortalRole.ANALYST])
@pytest.mark.parametrize("method", ["get", "post"])
def test_who_may_not_operate_it_may_not_try_it(house, nightly, role, method):
    assert getattr(house.as_(role), method)(path(nightly)).status_code == 403
    assert not Preflight.objects.exists()


def test_a_stranger_sees_no_schedule(house, nightly):
    stranger = register.client_of(register.person(register.tenant()))
    assert stranger.post(path(nightly)).status_code == 404


@pytest.mark.parametrize("body", [{"at": "2027-01-01T00:00:00Z"}, {"reason": "x"}])
def test_no_member_is_taken(house, nightly, body):
    assert house.as_().post(path(nightly), body, format="json").status_code == 400
    assert not Preflight.objects.exists()


def test_before_the_first_trial_nothing_is_known(house, nightly):
    assert house.as_().get(path(nightly)).json() == {
        "checkedAt": None, "until": None, "occurrences": 0, "isClear": None, "problems": [],
    }  # fmt: skip


def test_the_answer_names_each_problem_and_what_mends_it(house, nightly):
    answer = house.as_().post(path(nightly), {}, format="json")
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert (body["occurrences"], body["isClear"]) == (7, False)
    found = {problem["code"]: problem for problem in body["problems"]}
    assert found["permission_missing"]["mend"] == "bind_role"
    assert found["permission_missing"]["at"].endswith("Z")
    assert found["permission_missing"]["identityId"] == str(house.identity.pk)
    assert "02:00 (Europe/Berlin)" in found["permission_missing"]["text"]
    assert house.as_().get(path(nightly)).json() == body
    assert not ScheduleRun.objects.exists()


def test_an_analyst_tries_their_own(house, nightly):
    analyst = house.person(PortalRole.ANALYST)
    Schedule.objects.update(owner=analyst)
    assert register.client_of(analyst).post(path(nightly)).status_code == 200
