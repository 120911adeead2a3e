"""What the one table says of a number."""

import pytest

from benchmarks import verdicts
from benchmarks.tables import Line

TOKEN = Line("token, 8 connections", "postgres", "579 req/s", "0.31 of (a)", "0.34 of (a)")
LAG = Line("start lag", "postgres", "p50 5.7 s, all ended 9.8 s")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0.31 of (a)", 0.31),
        ("p50 5.7 s, all ended 9.8 s", 5.7),
        ("p99.9 12 ms", 12.0),
        ("10,000 of 10,000", 10_000.0),
        ("1,2 and 3", 1.0),
        ("-3 MB", -3.0),
        ("none", None),
        ("", None),
    ],
)
def test_the_number_of_a_text_is_its_first_that_names_no_percentile(text, found):
    assert verdicts.number(text) == found


@pytest.mark.parametrize(
    ("bound", "line"),
    [
        (0.6, TOKEN._replace(of="ratio")),
        (0.35, TOKEN._replace(of="cpu_ratio")),
        (600, TOKEN),
        (5.0, LAG),
        (3, LAG._replace(value=4, smaller_is_better=True)),
    ],
)
def test_a_bound_is_missed_whichever_way_is_worse(bound, line):
    assert verdicts.is_met(line._replace(bound=bound)) is False


@pytest.mark.parametrize(
    ("bound", "line"),
    [
        (0.31, TOKEN._replace(of="ratio")),
        (500, TOKEN),
        (5.7, LAG),
        (4, LAG._replace(value=4, smaller_is_better=True)),
        (0, LAG._replace(value=0, unit="errors")),
    ],
)
def test_a_bound_is_met_by_what_is_no_worse(bound, line):
    assert verdicts.is_met(line._replace(bound=bound)) is True


def test_nothing_is_said_where_there_is_no_bound_or_no_number():
    assert verdicts.is_met(TOKEN) is None
    assert verdicts.is_met(Line("x", "sqlite", "not measured", bound=3)) is None
    assert verdicts.is_met(TOKEN._replace(value=float("inf"), bound=3)) is None


def test_a_bound_is_written_as_a_person_reads_it():
    assert verdicts.wanted(TOKEN._replace(bound=0.6, of="ratio")) == "≥ 0.6"
    assert verdicts.wanted(LAG._replace(bound=2, unit="s")) == "≤ 2 s"
    assert verdicts.wanted(TOKEN._replace(bound=0.6, wanted="≥ 0.6 of (a)")) == "≥ 0.6 of (a)"


def test_eleven_percent_less_cpu_ratio_is_slower_whatever_the_clock_says():
    change = verdicts.change(TOKEN, {"value": 100.0, "ratio": 0.1, "cpu_ratio": 0.34 / 0.89})
    assert change is not None
    assert change.is_slower
    assert str(change) == "slower -11 %"


def test_ten_percent_is_not_yet_slower():
    change = verdicts.change(TOKEN, {"value": None, "ratio": None, "cpu_ratio": 0.34 / 0.9})
    assert change is not None
    assert not change.is_slower
    assert str(change) == "-10 %"


def test_the_clock_alone_is_trusted_less_and_fewer_seconds_are_a_gain():
    twice = verdicts.change(LAG, {"value": 11.4, "ratio": None, "cpu_ratio": None})
    half = verdicts.change(LAG, {"value": 5.7 * 0.4, "ratio": None, "cpu_ratio": None})
    assert twice is not None
    assert half is not None
    assert (str(twice), twice.is_slower) == ("+100 %", False)
    assert (str(half), half.is_slower) == ("slower -60 %", True)


def test_what_was_nothing_is_compared_with_nothing():
    assert verdicts.change(LAG, {"value": 0.0, "ratio": None, "cpu_ratio": None}) is None
    assert verdicts.change(LAG, {"value": None, "ratio": 1.0, "cpu_ratio": 1.0}) is None
