"""When an expression falls: over gaps and overlaps of the clock, under the day rule, up to the horizon."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from scheduling.calendar import (
    BadExpression,
    BadTimezone,
    jitter_of,
    next_after,
    occurrences_between,
    parse,
    upcoming,
)

BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
CASABLANCA, APIA, SANTIAGO, AZORES = "Africa/Casablanca", "Pacific/Apia", "America/Santiago", "Atlantic/Azores"

# zone, expression, strictly after (UTC), the next occurrences on the local clock with their offsets
DST = [
    # Berlin: 2026-03-29 02:00 +01:00 is followed by 03:00 +02:00; 2026-10-25 03:00 +02:00 by 02:00 +01:00
    (BERLIN, "30 2 * * *", "2026-03-28T02:00", ["2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"]),
    (BERLIN, "0 2 * * *", "2026-03-28T02:00", ["2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00"]),
    (BERLIN, "59 2 * * *", "2026-03-28T02:00", ["2026-03-29T03:00+02:00", "2026-03-30T02:59+02:00"]),
    (BERLIN, "0,30 2 * * *", "2026-03-28T02:00", ["2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00"]),
    (BERLIN, "0 2,3 * * *", "2026-03-28T03:00", ["2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00"]),
    (BERLIN, "30 2 * * *", "2026-03-29T01:00", ["2026-03-30T02:30+02:00"]),
    (BERLIN, "30 2 * * *", "2026-10-24T12:00", ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"]),
    (BERLIN, "30 2 * * *", "2026-10-25T01:10", ["2026-10-26T02:30+01:00"]),
    (BERLIN, "*/30 2 * * *", "2026-03-28T02:00", ["2026-03-30T02:00+02:00", "2026-03-30T02:30+02:00"]),
    (
        BERLIN,
        "*/30 2 * * *",
        "2026-10-24T12:00",
        ["2026-10-25T02:00+02:00", "2026-10-25T02:30+02:00", "2026-10-25T02:00+01:00", "2026-10-25T02:30+01:00"],
    ),
    (BERLIN, "30 * * * *", "2026-03-29T00:00", ["2026-03-29T01:30+01:00", "2026-03-29T03:30+02:00"]),
    (BERLIN, "30 * * * *", "2026-10-25T00:00", ["2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00"]),
    (BERLIN, "0 6 * * *", "2026-03-28T12:00", ["2026-03-29T06:00+02:00"]),
    (BERLIN, "30 2 29 3 *", "2026-01-01T00:00", ["2026-03-29T03:00+02:00", "2027-03-29T02:30+02:00"]),
    # New York: 2026-03-08 02:00 -05:00 is followed by 03:00 -04:00; 2026-11-01 02:00 -04:00 by 01:00 -05:00
    (NEW_YORK, "30 2 * * *", "2026-03-07T12:00", ["2026-03-08T03:00-04:00", "2026-03-09T02:30-04:00"]),
    (NEW_YORK, "30 1 * * *", "2026-10-31T12:00", ["2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"]),
    (NEW_YORK, "*/20 1 * * SUN", "2026-11-01T05:30", ["2026-11-01T01:40-04:00", "2026-11-01T01:00-05:00"]),
    (NEW_YORK, "0 * * * *", "2026-03-08T06:30", ["2026-03-08T03:00-04:00", "2026-03-08T04:00-04:00"]),
    # Lord Howe jumps by half an hour: 2026-10-04 02:00 +10:30 → 02:30 +11:00; 2026-04-05 02:00 +11:00 → 01:30 +10:30
    (LORD_HOWE, "15 2 * * *", "2026-10-03T00:00", ["2026-10-04T02:30+11:00", "2026-10-05T02:15+11:00"]),
    (LORD_HOWE, "45 2 * * *", "2026-10-03T12:00", ["2026-10-04T02:45+11:00"]),
    (LORD_HOWE, "45 1 * * *", "2026-04-04T00:00", ["2026-04-05T01:45+11:00", "2026-04-06T01:45+10:30"]),
    (LORD_HOWE, "45 * * * *", "2026-04-04T14:30", ["2026-04-05T01:45+11:00", "2026-04-05T01:45+10:30"]),
    (LORD_HOWE, "0 * * * *", "2026-10-03T14:45", ["2026-10-04T03:00+11:00"]),
    # The engine alone loses these: it walks hours from 01:45 and comes by at half past
    (LORD_HOWE, "*/10 5 * * *", "2026-04-04T15:10", ["2026-04-05T05:00+10:30", "2026-04-05T05:10+10:30"]),
    # Casablanca goes back for Ramadan: 2026-02-15 03:00 +01:00 → 02:00 +00:00; 2026-03-22 02:00 +00:00 → 03:00 +01:00
    (CASABLANCA, "30 2 * * *", "2026-02-14T12:00", ["2026-02-15T02:30+01:00", "2026-02-16T02:30+00:00"]),
    (CASABLANCA, "30 2 * * *", "2026-03-21T12:00", ["2026-03-22T03:00+01:00", "2026-03-23T02:30+01:00"]),
    # Midnight itself is missing: Santiago 2026-09-06 00:00 → 01:00, Azores 2026-03-29 00:00 → 01:00
    (SANTIAGO, "0 0 * * *", "2026-09-05T12:00", ["2026-09-06T01:00-03:00", "2026-09-07T00:00-03:00"]),
    (AZORES, "0 0 29 3 *", "2026-01-01T00:00", ["2026-03-29T01:00+00:00"]),
    # A whole day is missing: Apia had no 2011-12-30
    (APIA, "0 12 * * *", "2011-12-29T23:00", ["2011-12-31T00:00+14:00", "2011-12-31T12:00+14:00"]),
    (APIA, "*/30 12 30 12 *", "2011-12-29T23:00", ["2012-12-30T12:00+14:00"]),
    ("UTC", "30 2 * * *", "2026-03-28T02:00", ["2026-03-28T02:30+00:00", "2026-03-29T02:30+00:00"]),
]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(("zone", "expression", "start", "expected"), DST)
def test_gaps_and_overlaps_of_the_clock_are_kept_as_promised(zone, expression, start, expected):
    found = upcoming(parse(expression, zone), at(start), len(expected))
    assert [occurrence.local.isoformat(timespec="minutes") for occurrence in found] == expected
    assert [occurrence.utc for occurrence in found] == [occurrence.local.astimezone(UTC) for occurrence in found]


DAYS = [
    # Both restricted: either matches
    ("0 0 13 * 5", "2026-01-01", ["2026-01-02", "2026-01-09", "2026-01-13", "2026-01-16"]),
    ("0 0 1-7 * 1", "2026-06-01", ["2026-06-02", "2026-06-03", "2026-06-04"]),
    # A field that starts with a star is unrestricted: both match
    ("0 0 */2 * 1", "2026-01-01", ["2026-01-05", "2026-01-19", "2026-02-09"]),
    ("0 0 1 * */2", "2026-01-02", ["2026-02-01", "2026-03-01", "2026-08-01"]),
    ("0 0 */7 * *", "2026-01-01", ["2026-01-08", "2026-01-15", "2026-01-22", "2026-01-29", "2026-02-01"]),
    ("0 0 ? * MON", "2026-01-01", ["2026-01-05", "2026-01-12"]),
    ("0 0 15 * ?", "2026-01-01", ["2026-01-15", "2026-02-15"]),
    ("0 0 * * 7", "2026-01-01", ["2026-01-04", "2026-01-11"]),
    ("0 0 31 * *", "2026-01-31", ["2026-03-31", "2026-05-31", "2026-07-31"]),
    ("0 0 30 2 MON", "2026-01-31", ["2026-02-02", "2026-02-09"]),
    ("0 0 L * *", "2026-01-31", ["2026-02-28", "2026-03-31"]),
    ("0 0 LW * *", "2026-01-01", ["2026-01-30", "2026-02-27"]),
    ("0 0 * * 5L", "2026-01-01", ["2026-01-30", "2026-02-27"]),
    ("0 0 * * MON#1", "2026-01-06", ["2026-02-02", "2026-03-02"]),
    ("0 0 29 2 *", "2026-01-01", ["2028-02-29", "2032-02-29"]),
]


@pytest.mark.parametrize(("expression", "start", "expected"), DAYS)
def test_the_day_rule_is_the_documented_one(expression, start, expected):
    found = upcoming(parse(expression, "UTC"), at(start), len(expected))
    assert [occurrence.utc.date().isoformat() for occurrence in found] == expected


def test_the_leap_day_is_found_over_the_year_2100():
    assert next_after(parse("0 0 29 2 *", "UTC"), at("2096-02-29")) == at("2104-02-29")


@pytest.mark.parametrize("expression", ["0 0 29 2 */7", "0 0 30 2 MON#5", "*/1 0 29 2 */6"])
@pytest.mark.parametrize("zone", ["UTC", BERLIN])
def test_what_does_not_come_within_eight_years_is_not_looked_for_further(expression, zone):
    assert next_after(parse(expression, zone), at("2096-02-29")) is None


def test_the_end_of_time_is_no_error():
    assert next_after(parse("0 0 29 2 *", BERLIN), datetime.max.replace(tzinfo=UTC)) is None


def test_an_occurrence_at_the_very_start_is_not_the_next():
    calendar = parse("0 6 * * *", "UTC")
    assert next_after(calendar, at("2026-01-01T06:00")) == at("2026-01-02T06:00")
    assert next_after(calendar, at("2026-01-01T05:59:59.5")) == at("2026-01-01T06:00")
    assert next_after(calendar, at("2026-01-01T06:00:00.5")) == at("2026-01-02T06:00")


def test_between_takes_the_end_leaves_the_start_and_stops_at_the_cap():
    calendar = parse("0 * * * *", "UTC")
    found = occurrences_between(calendar, at("2026-01-01T01:00"), at("2026-01-01T04:00"), 10)
    assert [moment.hour for moment in found] == [2, 3, 4]
    assert len(occurrences_between(calendar, at("2026-01-01T01:00"), at("2027-01-01T04:00"), 100)) == 100


@pytest.mark.parametrize(
    "name",
    [
        "+02:00",
        "UTC+2",
        "GMT+2:00",
        "+0200",
        "Berlin",
        "europe/berlin",
        "../etc/passwd",
        "/etc/localtime",
        "",
        "Factory",
    ],
)
def test_anything_but_an_iana_name_is_no_zone(name):
    with pytest.raises(BadTimezone):
        parse("* * * * *", name)


@pytest.mark.parametrize("name", ["UTC", BERLIN, "Asia/Kolkata", "America/Argentina/Buenos_Aires", "Etc/UTC"])
def test_iana_names_are_zones(name):
    assert parse("* * * * *", name).place.key == name


def test_a_bad_expression_is_refused_before_anything_is_asked_of_it():
    with pytest.raises(BadExpression):
        parse("61 * * * *", "UTC")


def test_jitter_is_stable_within_bounds_and_differs_between_schedules():
    ids = [UUID(int=number) for number in range(300)]
    found = [jitter_of(schedule_id, 300) for schedule_id in ids]
    assert found == [jitter_of(schedule_id, 300) for schedule_id in ids]
    assert all(timedelta() <= late <= timedelta(seconds=300) for late in found)
    assert len(set(found)) > 100
    assert jitter_of(uuid4(), 0) == timedelta()


ZONES = [BERLIN, NEW_YORK, LORD_HOWE, CASABLANCA, SANTIAGO, AZORES, "UTC", "Asia/Kolkata", "Asia/Kathmandu"]
JUMPS = [at("2026-02-15"), at("2026-03-08"), at("2026-03-22"), at("2026-03-29"), at("2026-04-05"), at("2026-09-06")]
JUMPS += [at("2026-10-04"), at("2026-10-25"), at("2026-11-01")]
MINUTE_FIELDS = st.sampled_from(["*", "0", "30", "15,45", "*/20", "0-59/30", "7", "*/7"])
HOUR_FIELDS = st.sampled_from(["*", "0", "1", "2", "3", "1-3", "*/2", "0,2", "5", "*/5"])
DAY_FIELDS = st.sampled_from(["*", "*", "*/2", "1-15", "29"])
WEEKDAY_FIELDS = st.sampled_from(["*", "*", "SUN", "1-6", "*/3"])


def by_brute_force(expression, zone, start, end):
    """Every minute looked at by itself: what the promises say, without a calendar."""
    place = ZoneInfo(zone)
    found = set()
    minute = start.replace(second=0, microsecond=0) - timedelta(hours=30)
    if expression.is_fixed_time:
        wall = minute.replace(tzinfo=None)
        while wall <= end.replace(tzinfo=None) + timedelta(hours=30):
            if matches(expression, wall):
                instant = wall.replace(tzinfo=place)
                there = instant.astimezone(UTC).astimezone(place)
                if there.replace(tzinfo=None) != wall:
                    # In a gap: step through real instants until the local clock has passed the wall.
                    probe = instant.astimezone(UTC) - timedelta(hours=2)
                    while probe.astimezone(place).replace(tzinfo=None) < wall:
                        probe += timedelta(minutes=1)
                    instant = probe
                found.add(instant.astimezone(UTC))
            wall += timedelta(minutes=1)
    else:
        while minute <= end:
            if matches(expression, minute.astimezone(place).replace(tzinfo=None)):
                found.add(minute)
            minute += timedelta(minutes=1)
    return sorted(moment for moment in found if start < moment <= end)


def matches(expression, wall):
    days = [wall.day in expression.day_of_month.values, wall.isoweekday() % 7 in expression.day_of_week.values]
    return (
        wall.minute in expression.minute.values
        and wall.hour in expression.hour.values
        and wall.month in expression.month.values
        and (all(days) if expression.needs_both_days else any(days))
    )


@settings(max_examples=80, deadline=None)
@given(
    minute=MINUTE_FIELDS,
    hour=HOUR_FIELDS,
    day=DAY_FIELDS,
    weekday=WEEKDAY_FIELDS,
    zone=st.sampled_from(ZONES),
    jump=st.sampled_from(JUMPS),
    shift=st.integers(-36 * 60, 12 * 60),
)
def test_every_minute_around_a_jump_agrees_with_looking_at_each(minute, hour, day, weekday, zone, jump, shift):
    calendar = parse(f"{minute} {hour} {day} * {weekday}", zone)
    start = jump + timedelta(minutes=shift)
    end = start + timedelta(hours=36)
    assert occurrences_between(calendar, start, end, 5000) == by_brute_force(calendar.expression, zone, start, end)


@settings(max_examples=150, deadline=None)
@given(
    minute=MINUTE_FIELDS,
    hour=HOUR_FIELDS,
    day=DAY_FIELDS,
    weekday=WEEKDAY_FIELDS,
    zone=st.sampled_from(ZONES),
    days=st.integers(0, 24_000),
    seconds=st.integers(0, 24 * 3600),
)
def test_occurrences_climb_a_minute_at_least_and_start_after_the_start(minute, hour, day, weekday, zone, days, seconds):
    calendar = parse(f"{minute} {hour} {day} * {weekday}", zone)
    start = at("1995-01-01") + timedelta(days=days, seconds=seconds)
    moments = [found.utc for found in upcoming(calendar, start, 5)]
    assert moments[0] > start
    assert all(later - earlier >= timedelta(minutes=1) for earlier, later in pairwise(moments))
    assert next_after(calendar, moments[1] - timedelta(seconds=1)) == moments[1]
