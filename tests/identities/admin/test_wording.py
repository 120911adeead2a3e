"""How the pages say things."""

from datetime import UTC, datetime, timedelta

import pytest

from identities.access.permissions import PERMISSIONS
from identities.admin import first_password, history
from identities.admin.parts import Badge, Code, Lines, Link, Moment, Quiet
from identities.admin.permission_words import MEANING
from identities.admin.wording import since, span, took, words
from identities.people import passwords

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVIL = "<b onclick='x'>"


@pytest.mark.parametrize(
    ("away", "said"),
    [
        (timedelta(seconds=1), "just now"),
        (timedelta(seconds=-30), "30 s ago"),
        (timedelta(minutes=-1), "1 minute ago"),
        (timedelta(hours=2, minutes=59), "in 2 hours"),
        (timedelta(days=-45), "1 month ago"),
        (timedelta(days=800), "in 2 years"),
    ],
)
def test_an_instant_is_said_as_people_say_it(away, said):
    assert since(NOW + away, NOW) == said


@pytest.mark.parametrize(("seconds", "said"), [(0.12, "120 ms"), (3.44, "3.4 s"), (125, "2 min 5 s")])
def test_a_duration_is_said_exactly_enough(seconds, said):
    assert took(NOW, NOW + timedelta(seconds=seconds)) == said


def test_a_duration_that_has_not_ended_is_not_said():
    assert took(NOW, None) == ""


@pytest.mark.parametrize(("value", "said"), [("run_once", "Run once"), ("api_client", "API client"), ("rpa", "RPA")])
def test_enumerated_values_become_words(value, said):
    assert words(value) == said


def test_spans_of_one_are_singular():
    assert span(timedelta(days=1)) == "1 day"


@pytest.mark.parametrize(
    "part", [Badge(EVIL, hint=EVIL), Link(EVIL, EVIL), Code(EVIL, copy=True), Quiet(EVIL), Lines([EVIL])]
)
def test_every_piece_escapes_what_it_shows(part):
    assert EVIL not in str(part)


def test_an_instant_carries_its_exact_time():
    assert "2026-03-01 12:00:00 UTC" in str(Moment(NOW))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"state": {"previous": "active", "current": "disabled"}}, "state: active → disabled"),
        ({"owner_team": {"previous": None, "current": "Data"}}, "owner team: Data"),
        ({"is_active": {"previous": True, "current": False}}, "is active: yes → no"),
        ({"serviceToken": {"previous": None, "current": "issued", "source": "login"}}, "serviceToken: issued"),
    ],
)
def test_a_change_is_said_in_a_line(change, line):
    assert history.change_lines(change) == [line]


def test_every_permission_has_its_meaning():
    assert set(MEANING) == set(PERMISSIONS)


def test_first_passwords_fit_the_rules_and_differ():
    made = {first_password.generate() for _ in range(50)}
    assert len(made) == 50
    assert not any(passwords.problems(text, min_length=12) for text in made)
