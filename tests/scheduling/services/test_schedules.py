"""Commands on schedules: what an edit, a pause and a resume do to what is due."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from audit.models import AuditEvent
from identities.errors import Invalid, Missing
from scheduling.models import MisfirePolicy, Schedule, ScheduleRun
from scheduling.services import firing, schedules
from scheduling.services.facts import Facts, facts_of
from tests.factories import register, runs

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, 11, 59, 30, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller


def made(**facts):
    tenant = register.tenant()
    workflow = runs.workflow(of=tenant)
    known: dict[str, Any] = {
        "workflow_id": workflow.key,
        "name": "Hourly",
        "cron_expression": "0 * * * *",
        "timezone": "UTC",
        "managed_identity_id": register.identity(tenant).pk,
        "secret_reference": runs.REFERENCE,
    }
    return schedules.create_schedule(tenant_id=tenant.pk, facts=Facts(**known | facts), actor=register.SYSTEM)


def change(schedule, **changes):
    return schedules.change_schedule(schedule, changes=changes, actor=register.SYSTEM)


def test_what_is_kept_reads_back_as_it_was_written(clock):
    schedule = made(cron_expression="  0   6 *\t* * ", jitter_seconds=30)
    facts = facts_of(Schedule.objects.select_related("workflow").get())
    assert facts.cron_expression == "0 6 * * *"
    assert facts.jitter_seconds == 30
    assert schedule.next_run_at == AT.replace(day=2, hour=6, minute=0, second=0)


def test_an_occurrence_that_has_come_runs_as_it_was_written_before_the_edit(clock):
    schedule = made(input_data={"which": "old"})
    clock.move_to(AT + timedelta(minutes=1))
    edited = change(schedule, input_data={"which": "new"}, cron_expression="30 * * * *")
    run = ScheduleRun.objects.get()
    assert (run.scheduled_for, run.input_data) == (runs.NOON, {"which": "old"})
    assert edited.next_run_at == runs.NOON.replace(minute=30)
    clock.move_to(runs.NOON.replace(minute=31))
    firing.claim_due(runs.NOON.replace(minute=31))
    assert ScheduleRun.objects.latest("scheduled_for").input_data == {"which": "new"}


def test_an_edit_that_changes_nothing_records_nothing(clock):
    schedule = made()
    change(schedule, name="Hourly")
    assert not AuditEvent.objects.filter(type="schedule.changed").exists()


def test_an_edit_that_does_not_fit_changes_nothing(clock):
    schedule = made()
    with pytest.raises(Invalid):
        change(schedule, cron_expression="never", name="Other")
    assert Schedule.objects.get().name == "Hourly"


def test_a_member_that_is_not_written_is_refused(clock):
    with pytest.raises(Invalid, match="is_enabled"):
        change(made(), is_enabled=False)


def test_resume_goes_back_to_where_the_pause_began_so_that_the_misfire_policy_decides(clock):
    schedule = made(misfire_policy=MisfirePolicy.RUN_ALL.value)
    schedules.pause(schedule, actor=register.SYSTEM, reason="Scream test")
    clock.move_to(AT + timedelta(hours=3))
    assert firing.claim_due(AT + timedelta(hours=3)).due == ()
    resumed = schedules.resume(schedule, actor=register.SYSTEM)
    assert resumed.next_run_at == runs.NOON
    claim = firing.claim_due(AT + timedelta(hours=3))
    assert len(claim.due) == 3


def test_a_rhythm_changed_in_a_pause_counts_from_the_edit(clock):
    schedule = made()
    schedules.pause(schedule, actor=register.SYSTEM)
    clock.move_to(AT + timedelta(hours=3))
    change(schedule, cron_expression="15 * * * *")
    assert Schedule.objects.get().next_run_at is None
    resumed = schedules.resume(schedule, actor=register.SYSTEM)
    assert resumed.next_run_at == runs.NOON.replace(hour=15, minute=15)


def test_pausing_twice_and_resuming_twice_record_once(clock):
    schedule = made()
    for command in (schedules.pause, schedules.pause, schedules.resume, schedules.resume):
        command(schedule, actor=register.SYSTEM)
    assert AuditEvent.objects.filter(type__in=["schedule.paused", "schedule.resumed"]).count() == 2


def test_what_is_removed_takes_no_more_commands(clock):
    schedule = made()
    schedules.remove_schedule(schedule, actor=register.SYSTEM, reason="Old")
    for command in (schedules.pause, schedules.resume, schedules.remove_schedule):
        with pytest.raises(Missing):
            command(schedule, actor=register.SYSTEM)
    kept = Schedule.objects.get()
    assert (kept.next_run_at, kept.is_enabled) == (None, False)


def test_a_retired_identity_cannot_be_scheduled(clock):
    tenant = register.tenant()
    identity = register.identity(tenant)
    type(identity).objects.filter(pk=identity.pk).update(state="retired")
    with pytest.raises(Invalid, match="is retired"):
        schedules.create_schedule(
            tenant_id=tenant.pk,
            facts=Facts(
                workflow_id=runs.workflow(of=tenant).key,
                name="Late",
                cron_expression="0 * * * *",
                timezone="UTC",
                managed_identity_id=identity.pk,
                secret_reference=runs.REFERENCE,
            ),
            actor=register.SYSTEM,
        )


def test_what_never_comes_is_refused(clock):
    with pytest.raises(Invalid, match="next eight years"):
        made(cron_expression="0 0 30 2 MON#5", timezone="Europe/Berlin")
