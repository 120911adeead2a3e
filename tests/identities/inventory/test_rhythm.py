"""What people write for how often something runs."""

import pytest
from hypothesis import given, strategies as st

from identities.inventory import rhythm
from identities.inventory.rhythm import DAY, HOUR, MINUTE


@pytest.mark.parametrize(
    "text", ["", "on demand", "sometimes", "every", "every blue moon", "p", "pt", "0 minutes", "P0D", "11 years", "5",
             "every 999999999 years", "-1 day", "daily daily", "PT1H1H", "*/5 * * * *", "\u0661 day"]
)  # fmt: skip
def test_what_promises_no_rhythm_has_none(text):
    assert rhythm.seconds_of(text) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("every minute", MINUTE),
        ("every_minute", MINUTE),
        ("per minute", MINUTE),
        ("Every  15 Minutes", 15 * MINUTE),
        ("hourly", HOUR),
        ("2h", 2 * HOUR),
        ("daily", DAY),
        ("nightly", DAY),
        ("every 3 days", 3 * DAY),
        ("weekly", 7 * DAY),
        ("fortnightly", 14 * DAY),
        ("monthly", 31 * DAY),
        ("every month", 31 * DAY),
        ("quarterly", 92 * DAY),
        ("yearly", 366 * DAY),
        ("PT15M", 15 * MINUTE),
        ("P1D", DAY),
        ("P1DT12H", DAY + 12 * HOUR),
        ("P1Y", 366 * DAY),
    ],
)
def test_words_counts_and_durations_are_read(text, seconds):
    assert rhythm.seconds_of(text) == seconds


@given(st.integers(1, 3660), st.sampled_from(["minute", "hour", "day"]))
def test_a_count_reads_the_same_however_it_is_written(count, unit):
    short = {"minute": "m", "hour": "h", "day": "d"}[unit]
    iso = f"P{count}D" if unit == "day" else f"PT{count}{unit[0].upper()}"
    found = {rhythm.seconds_of(text) for text in (f"every {count} {unit}s", f"{count}{short}", iso)}
    assert found == {count * {"minute": MINUTE, "hour": HOUR, "day": DAY}[unit]}


@given(st.text(max_size=32))
def test_any_text_is_read_or_not_but_never_breaks(text):
    found = rhythm.seconds_of(text)
    assert found is None or 0 < found <= rhythm.LONGEST


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 seconds"), (45, "45 seconds"), (2 * HOUR, "2 hours"), (90 * MINUTE, "1 hour 30 minutes"),
     (DAY + 2 * HOUR, "1 day 2 hours"), (3 * DAY + 5, "3 days"), (457 * DAY + HOUR, "457 days"), (1, "1 second")],
)  # fmt: skip
def test_a_span_is_said_as_people_say_it(seconds, said):
    assert rhythm.span(seconds) == said
