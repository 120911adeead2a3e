"""Which texts are expressions, what they mean, and the reason for each that is none."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from cronsim import CronSim
from hypothesis import given, settings, strategies as st

from scheduling.calendar.expression import KINDS, BadExpression, parse

REFUSED = {
    "": "exactly five fields",
    "* * * *": "exactly five fields",
    "0 0 6 25 * *": "exactly five fields",
    "@daily": "shorthands",
    "@reboot": "shorthands",
    "60 * * * *": "minute: 60 is not between 0 and 59",
    "* 24 * * *": "hour: 24",
    "* * 0 * *": "day of month: 0",
    "* * 32 * *": "day of month: 32",
    "* * * 13 *": "month: 13",
    "* * * * 8": "day of week: 8",
    "-1 * * * *": "minute",
    "1.5 * * * *": "minute",
    "a * * * *": "minute: 'A' is not a number",
    "* * * * MONDAY": "not a number or a name",
    "* * * MON *": "month",
    "1,,2 * * * *": "minute: ''",
    ",1 * * * *": "minute: ''",
    "*/0 * * * *": "never ends",
    "*/ * * * *": "not a step",
    "*/-5 * * * *": "not a step",
    "1-5/0 * * * *": "never ends",
    "*/2/3 * * * *": "not a step",
    "5-1 * * * *": "runs backwards",
    "* 22-4 * * *": "runs backwards",
    "* * * * FRI-SUN": "runs backwards",
    "1-2-3 * * * *": "minute",
    "*-5 * * * *": "minute",
    "? * * * *": "? may stand alone",
    "* * * ? *": "? may stand alone",
    "* * ? * ?": "? may stand alone",
    "* * ?/2 * *": "? may stand alone",
    "* * 1,? * *": "? may stand alone",
    "0 0 30 2 *": "does not exist",
    "0 0 31 4,6,9,11 *": "does not exist",
    "0 0 31 2 ?": "does not exist",
    "* * * * 1#6": "#6 is not between",
    "* * * * 1#0": "#0 is not between",
    "* * * * L": "day of week",
    "* * L-3 * *": "day of month",
    "* * 15W * *": "day of month",
    "0 0 * * \u017fun": "characters",
    "0 0 * * \n1": "characters",
    "0 0 \u0661 * *": "characters",
    "0 0 * *\x00 1": "characters",
    "0," * 200 + "0 * * * *": "longer than 256",
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.items())
def test_a_bad_expression_is_refused_with_its_reason(text, reason):
    with pytest.raises(BadExpression) as caught:
        parse(text)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("text", "field", "values"),
    [
        ("*/15 * * * *", "minute", {0, 15, 30, 45}),
        ("5/20 * * * *", "minute", {5, 25, 45}),
        ("10-20/5 * * * *", "minute", {10, 15, 20}),
        ("5-5/2 * * * *", "minute", {5}),
        ("*/90 * * * *", "minute", {0}),
        ("00,007 * * * *", "minute", {0, 7}),
        ("* * * jan-MAR,Dec *", "month", {1, 2, 3, 12}),
        ("* * * * sun", "day_of_week", {0}),
        ("* * * * 7", "day_of_week", {0}),
        ("* * * * 5-7", "day_of_week", {5, 6, 0}),
        ("* * * * MON-FRI", "day_of_week", {1, 2, 3, 4, 5}),
        ("* * * * */2", "day_of_week", {0, 2, 4, 6}),
        ("* * ? * MON", "day_of_month", set(range(1, 32))),
        ("* * 1 * ?", "day_of_week", set(range(7))),
        ("\t* *\t1 * *  ", "day_of_month", {1}),
    ],
)
def test_lists_ranges_steps_and_names_are_understood(text, field, values):
    assert getattr(parse(text), field).values == values


def test_the_question_mark_is_handed_on_as_a_star():
    assert parse("0 6 ? * MON").text == "0 6 * * 1"


@pytest.mark.parametrize(
    ("text", "needs_both"),
    [
        ("0 0 13 * 5", False),
        ("0 0 */2 * 1", True),
        ("0 0 1 * */2", True),
        ("0 0 * * 1", True),
        ("0 0 1-31 * 1", False),
        ("0 0 ? * 1", True),
    ],
)
def test_only_a_day_field_that_starts_with_a_star_counts_as_unrestricted(text, needs_both):
    assert parse(text).needs_both_days is needs_both


@st.composite
def fields(draw, kind):
    low, high = kind.low, kind.high
    number = st.integers(low, high)
    pair = st.tuples(number, number).map(sorted).map(lambda ends: f"{ends[0]}-{ends[1]}")
    span = st.one_of(st.just("*"), number.map(str), pair)
    term = st.one_of(span, st.tuples(span, st.integers(1, 70)).map(lambda both: f"{both[0]}/{both[1]}"))
    return ",".join(draw(st.lists(term, min_size=1, max_size=3)))


@st.composite
def expressions(draw):
    return " ".join(draw(fields(kind)) for kind in KINDS)


@settings(deadline=None)
@given(expressions())
def test_the_engine_reads_every_accepted_expression_alike(text):
    try:
        understood = parse(text)
    except BadExpression:
        return
    engine = CronSim(understood.text, datetime(2026, 1, 1, tzinfo=UTC))
    assert engine.minutes == understood.minute.values
    assert engine.hours == understood.hour.values
    assert engine.days == understood.day_of_month.values
    assert engine.months == understood.month.values
    assert {int(day) % 7 for day in engine.weekdays if not isinstance(day, tuple)} == understood.day_of_week.values
    assert engine.day_and == understood.needs_both_days


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_understood_or_refused_and_nothing_else(text):
    with suppress(BadExpression):
        assert parse(text).text
