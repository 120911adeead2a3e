"""Silence, and how much of it is normal."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from identities.inventory import dormancy
from identities.inventory.dormancy import Use, allowed_silence, cadence_of, judge
from identities.inventory.vocabulary import UseState

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
GAPS = st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=3660))


def silent_for(silence: timedelta, stated: str = "", *, seconds: int | None = None) -> Use:
    cadence = cadence_of(stated=stated, scheduled_seconds=seconds, default_days=90)
    return judge(last_used_at=NOON - silence, began_at=NOON - 4000 * DAY, is_observed=True, cadence=cadence, at=NOON)


@pytest.mark.parametrize(
    ("stated", "normal", "too_long"),
    [
        ("", 89 * DAY, 90 * DAY),
        ("on demand", 89 * DAY, 90 * DAY),
        ("yearly", 89 * DAY, 458 * DAY),
        ("yearly", 366 * DAY, 460 * DAY),
        ("monthly", 31 * DAY, 39 * DAY),
        ("daily", 2 * DAY, 3 * DAY),
        ("hourly", 2 * HOUR, 3 * HOUR),
        ("every minute", HOUR, 2 * HOUR),
    ],
)
def test_silence_is_measured_by_the_cadence(stated, normal, too_long):
    assert silent_for(normal, stated).state is UseState.USED
    assert silent_for(too_long, stated).state is UseState.DORMANT


def test_what_is_stated_goes_before_what_the_schedules_say():
    assert silent_for(10 * DAY, "yearly", seconds=60).cadence.origin == "stated"
    assert silent_for(10 * DAY, "yearly", seconds=60).state is UseState.USED
    assert silent_for(10 * DAY, "whenever", seconds=60).cadence.origin == "schedule"
    assert silent_for(10 * DAY, "", seconds=60).state is UseState.DORMANT


def test_what_nobody_observes_is_never_dormant():
    cadence = cadence_of(stated="every minute", scheduled_seconds=None, default_days=90)
    found = judge(last_used_at=None, began_at=NOON - 4000 * DAY, is_observed=False, cadence=cadence, at=NOON)
    assert found.state is UseState.UNOBSERVED
    assert found.dormant_from is None


def test_what_we_would_have_seen_is_dormant_when_it_was_never_used():
    cadence = cadence_of(stated="", scheduled_seconds=None, default_days=90)
    for age, state in ((89 * DAY, UseState.USED), (90 * DAY, UseState.DORMANT)):
        found = judge(last_used_at=None, began_at=NOON - age, is_observed=True, cadence=cadence, at=NOON)
        assert found.state is state


def test_a_use_in_a_year_nobody_will_see_breaks_nothing():
    cadence = cadence_of(stated="", scheduled_seconds=None, default_days=90)
    far = datetime(9999, 12, 31, tzinfo=UTC)
    found = judge(last_used_at=far, began_at=NOON, is_observed=True, cadence=cadence, at=NOON)
    assert (found.state, found.dormant_from) == (UseState.USED, None)


@given(GAPS)
def test_the_next_use_but_one_may_be_late_before_anything_is_said(gap):
    allowed = allowed_silence(gap)
    assert allowed >= max(dormancy.LEAST, gap)
    assert allowed <= max(dormancy.LEAST, gap + max(2 * DAY, gap / 4))


@given(GAPS, GAPS)
def test_a_longer_gap_never_explains_less_silence(one, other):
    assert allowed_silence(min(one, other)) <= allowed_silence(max(one, other))


@given(GAPS, st.timedeltas(min_value=timedelta(), max_value=timedelta(days=5000)))
def test_it_turns_dormant_at_the_moment_foretold_and_stays_so(gap, silence):
    cadence = dormancy.Cadence(gap=gap, origin="stated", allowed=allowed_silence(gap))
    used = NOON - silence
    now = judge(last_used_at=used, began_at=used, is_observed=True, cadence=cadence, at=NOON)
    assert now.dormant_from is not None
    assert (now.state is UseState.DORMANT) == (now.dormant_from <= NOON)
    then = judge(last_used_at=used, began_at=used, is_observed=True, cadence=cadence, at=now.dormant_from)
    assert then.state is UseState.DORMANT
