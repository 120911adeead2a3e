"""Regular expressions that would stop a process, and those people write."""

import re

import pytest

from scheduling.services import patterns


@pytest.mark.parametrize(
    "pattern",
    [
        "^(a+)+$",
        "^(a|a)*$",
        "^(a|aa)+$",
        "^(a?){40}$",
        "a?" * 30 + "a" * 30,
        "(x+x+)+y",
        "^(([a-z])+.)+[A-Z]([a-z])+$",
        "^(.*,){11}P",
        ".*.*.*.*.*=",
        "^(?:(?:a*)*)*$",
        "(?=(a+)+$)",
        "(a|a)" * 40,
        r"(a)\1",
        "a{0,60}" * 6,
    ],
)
def test_an_expression_that_could_run_for_ever_is_refused(pattern):
    with pytest.raises(patterns.TooCostly):
        patterns.check(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "^[0-9]{4}-[0-9]{2}$",
        r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
        "^([0-9a-f]{2}:){5}[0-9a-f]{2}$",
        "^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$",
        "^(EUR|USD|GBP|CHF)$",
        r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@-]+$",
        "^https?://[^/]+/.*$",
        r"^v\d+\.\d+(\.\d+)?$",
        "payroll",
        r"^(\d{3},)*\d{3}$",
        r"^(?i:[a-z]{1,20})$",
    ],
)
def test_an_expression_that_people_write_is_taken(pattern):
    patterns.check(pattern)


def test_how_long_a_text_may_be_depends_on_the_expression():
    patterns.check_on("^[a-z]*$", 60_000)
    with pytest.raises(patterns.TooCostly):
        patterns.check_on("^[a-z]*[a-z]*$", 60_000)
    with pytest.raises(patterns.TooCostly):
        patterns.check_on("[a-z]*$", 60_000)


@pytest.mark.parametrize("pattern", ["^[a-z]*[a-z]*[a-z]*$", "[a-z]*[a-z]*=", "^(aaa,?)?[a-z]*[a-z]+$"])
def test_the_longest_text_that_is_let_through_is_looked_at_to_its_end(pattern):
    length = max(n for n in range(16, 6000, 16) if _is_taken(pattern, n))
    assert length >= patterns.SHORTEST
    assert re.search(pattern, "a" * length + "!") is None


def _is_taken(pattern, length):
    try:
        patterns.check_on(pattern, length)
    except patterns.TooCostly:
        return False
    return True
