"""A new release of the time zone rules moves what lies ahead, says so, and touches nothing else."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings as examples, strategies as st

from audit.models import AuditEvent
from scheduling import calendar as calendars
from scheduling.models import Schedule
from scheduling.services import zone_changes
from tests.factories import runs

pytestmark = pytest.mark.django_db
AT = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
TRUE = datetime(2027, 3, 2, 5, 0, tzinfo=UTC)


def schedule(**facts):
    return runs.schedule(cron_expression="0 6 * * *", timezone="Europe/Berlin", **{"next_run_at": TRUE} | facts)


def test_what_has_come_is_paused_or_unreadable_is_left_alone():
    come = schedule(next_run_at=AT - timedelta(minutes=1))
    paused = schedule(next_run_at=None, is_enabled=False)
    gone = schedule()
    Schedule.objects.filter(id=gone.id).update(timezone="Europe/Atlantis")
    assert zone_changes.follow(AT) == 0
    kept = dict(Schedule.objects.values_list("id", "next_run_at"))
    assert kept == {come.id: AT - timedelta(minutes=1), paused.id: None, gone.id: TRUE}
    assert not AuditEvent.objects.filter(type="schedule.recomputed").exists()


def test_what_the_zones_put_elsewhere_moves_there_with_a_record():
    moved, right = schedule(next_run_at=TRUE + timedelta(hours=1)), schedule()
    assert zone_changes.follow(AT) == 1
    moved.refresh_from_db()
    right.refresh_from_db()
    assert moved.next_run_at == right.next_run_at == TRUE
    event = AuditEvent.objects.get(type="schedule.recomputed")
    assert event.subject_id == str(moved.id)
    assert event.changes["next_run_at"]["current"] == TRUE.isoformat()
    assert zone_changes.follow(AT) == 0


def test_an_edit_meanwhile_wins():
    changed = schedule(next_run_at=TRUE + timedelta(hours=1))
    assert zone_changes._move(changed.id, TRUE + timedelta(hours=2), TRUE) == 0
    changed.refresh_from_db()
    assert changed.next_run_at == TRUE + timedelta(hours=1)


@examples(max_examples=60)
@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds are naive
    st.integers(0, 10_000),
    st.sampled_from(["30 2 * * *", "*/15 * * * *", "0 6 25 * *", "0 */7 * * 1", "59 1 29 2 *"]),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
)
def test_while_the_rules_stay_nothing_ever_moves(last, minutes_later, expression, zone):
    """The next occurrence after the last one is the next after any moment before it."""
    calendar = calendars.parse(expression, zone)
    planned = calendars.next_after(calendar, last)
    assert planned is not None
    at = min(last + timedelta(minutes=minutes_later), planned - timedelta(seconds=1))
    assert calendars.next_after(calendar, at) == planned
