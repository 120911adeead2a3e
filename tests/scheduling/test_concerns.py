"""Which identity an event of a run or a schedule is about."""

from typing import Any
from uuid import uuid4

import pytest

from audit.models import AuditEvent
from scheduling.concerns import OfScheduling
from tests.factories import runs, tokens

pytestmark = pytest.mark.django_db


def event(kind: str, key: Any) -> AuditEvent:
    return AuditEvent(type=f"{kind}.changed", subject_kind=kind, subject_id=str(key))


def test_what_is_no_run_and_no_schedule_costs_no_query(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert OfScheduling().identities([event("team", uuid4()), event("run", "no id")]) == {}


def test_runs_and_schedules_lead_to_what_they_work_as_in_two_queries(django_assert_num_queries: Any) -> None:
    bot = tokens.identity()
    schedule = runs.schedule(of=bot.tenant, managed_identity_id=bot.pk)
    told = [event("run", runs.run(schedule).pk), event("run", uuid4()), event("schedule", schedule.pk)]
    with django_assert_num_queries(2):
        found = OfScheduling().identities(told)
    assert found == {told[0].uuid: {bot.pk}, told[2].uuid: {bot.pk}}
