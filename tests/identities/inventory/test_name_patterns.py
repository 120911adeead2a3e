"""Regular expressions for names: those that would not end are told apart."""

import re
import time

import pytest

from identities.inventory.name_patterns import fault_of


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        "(a+)+$",
        "([a-z]+[0-9]*)*",
        "(-?[a-z]+)*",
        "((a{1,5}){1,5}){1,9}",
        "(ab|a|b)*c",
        "[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*",
        "a?" * 60 + "b",
        "a{0,8}" * 33,
        "(?:a|aa)" * 24,
        "(?:ab|abab)" * 18,
        "(\u044f[\u0430-\u044f]+)*!",
        "(\\w[^a-z]*)*!",
        "(a?)*",
        "(a|){9}b",
        "(?=a)b",
        r"(a)\1",
        "(?i)abc",
        "a*+b",
        "x" * 201,
        "two\nlines",
    ],
)
def test_what_may_never_end_or_is_none_is_refused(pattern: str) -> None:
    assert fault_of(pattern).endswith((".", "*."))


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "svc-[a-z0-9-]+",
        "(ab|a)*c",
        ".*(bot|svc).*",
        "[a-z-]+-(prod|dev)(-[a-z]+)?",
        "[a-z]+-[a-z]+-[a-z]+-[a-z]+-[0-9]{1,3}",
        "(svc|bot)-[\u0430-\u044f]+(-[\u0430-\u044f]+)*",
        ".*-.*-x",
        "[a-z0-9]+(-[a-z0-9]+)*",
        "(prod|dev)_[a-z]{2,30}",
        "^[A-Z][a-z]+( [A-Z][a-z]+)*$",
    ],
)
def test_what_people_write_is_let_in_and_ends_at_once(pattern: str) -> None:
    assert fault_of(pattern) == ""
    begun = time.process_time()
    for hostile in ("a" * 119 + "!", "a-" * 60, "A" * 119 + " ", "svc" * 40, "a\u044f" * 60, "-" * 120):
        re.fullmatch(pattern, hostile)
    assert time.process_time() - begun < 1
