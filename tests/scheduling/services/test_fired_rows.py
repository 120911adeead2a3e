"""A row that the clock writes by columns is the row that the model would have written, and its record is genuine."""

from datetime import UTC, datetime, timedelta

import pytest

from audit import links
from audit.models import AuditEvent
from scheduling import calendar as calendars
from scheduling.models import RunState, Schedule, ScheduleRun
from scheduling.services import fired_rows, occurrences
from tests.factories import runs

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
AT = NOON + timedelta(minutes=20)


def read(schedule: Schedule) -> fired_rows.DueSchedule:
    return fired_rows.DueSchedule._make(Schedule.objects.values_list(*fired_rows.READ).get(id=schedule.id))


def fired(schedule: Schedule, look: occurrences.Look, known=()) -> list[fired_rows.Fired]:
    calendar = calendars.parse(schedule.cron_expression, schedule.timezone)
    return fired_rows.rows_of(read(schedule), calendar, look, known, AT)


def test_a_row_has_what_the_model_would_have_given_it():
    schedule = runs.schedule(input_data={"day": "{{schedule.triggerDate}}"}, jitter_seconds=0)
    (made,) = fired(schedule, occurrences.Look(run=(NOON,)))
    fired_rows.write([made])
    there = ScheduleRun.objects.get(id=made.values["id"])
    modelled = ScheduleRun(
        id=there.id, tenant=schedule.tenant, schedule=schedule, workflow=schedule.workflow,
        workflow_key=schedule.workflow.key, workflow_version=1, scheduled_for=NOON, available_at=NOON,
        identity_id=schedule.managed_identity_id, secret_reference=schedule.secret_reference,
        input_data={"day": "2026-11-23"}, correlation_id=there.correlation_id, created_at=there.created_at,
    )  # fmt: skip
    names = [field.attname for field in ScheduleRun._meta.concrete_fields]
    assert {name: getattr(there, name) for name in names} == {name: getattr(modelled, name) for name in names}
    assert made.is_due


def test_what_is_skipped_says_why_and_both_have_a_record_that_holds():
    schedule = runs.schedule(name="nightly")
    skip = occurrences.Skip(NOON, "misfire", "Missed")
    made = fired(schedule, occurrences.Look(run=(NOON + timedelta(minutes=1),), skip=(skip,)))
    fired_rows.write(made)
    states = dict(ScheduleRun.objects.values_list("state", "reason"))
    assert states == {RunState.DUE: "", RunState.SKIPPED: "Missed"}
    events = list(AuditEvent.objects.filter(type__startswith="run.").order_by("type").values())
    assert [(event["type"], event["reason"]) for event in events] == [("run.due", ""), ("run.skipped", "Missed")]
    assert {event["subject_label"] for event in events} == {"schedule:nightly"}
    assert all(links.is_genuine(event) for event in events)
    assert [str(event["run_id"]) for event in events] == [event["subject_id"] for event in events]


def test_an_occurrence_that_has_a_row_keeps_it():
    schedule = runs.schedule()
    look = occurrences.Look(run=(NOON,), skip=(occurrences.Skip(NOON, "misfire", "Missed"),))
    assert fired(schedule, look, known={NOON}) == []


def test_schedules_go_on_together(django_assert_num_queries):
    first, second = runs.schedule(), runs.schedule()
    fired_rows.move_on([(first.id, NOON), (second.id, None)])
    assert set(Schedule.objects.values_list("id", "next_run_at")) == {(first.id, NOON), (second.id, None)}
    with django_assert_num_queries(0):
        fired_rows.move_on([])
        fired_rows.write([])
