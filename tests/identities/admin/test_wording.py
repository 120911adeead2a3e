"""How the pages say things."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from identities.access.permissions import PERMISSIONS
from identities.admin import history, wording
from identities.admin.parts import Badge, Code, Fact, Facts, Lines, Link, Moment, Quiet
from identities.admin.permission_words import MEANING
from identities.admin.wording import since, span, took, words

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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-11-22T07:21:32.879360+00:00", "2026-11-22 07:21:32 UTC"),
        ("2026-11-22T08:21:32+01:00", "2026-11-22 07:21:32 UTC"),
        ("cloud_key", "cloud key"),
        ("wf-monthly-payroll", "wf-monthly-payroll"),
        ("A_name of 2026-11-22", "A_name of 2026-11-22"),
    ],
)
def test_values_of_a_record_are_said_as_people_say_them(text, said):
    assert wording.plain(text) == said


def test_what_changed_is_told_without_the_signs_of_a_program():
    changes = {"definition": {"previous": None, "current": {"nodes": [{"id": "a", "kind": "http_call"}]}}}
    assert history.change_lines(changes) == ["definition: nodes: id: a, kind: http call"]


def test_a_run_is_called_by_its_schedule():
    event = SimpleNamespace(subject_kind="run", subject_label="schedule:Payroll", subject_id="1")
    assert history.about(event) == "Payroll"


def test_no_people_at_all_is_a_number_and_not_a_gap():
    assert ">0<" in str(Facts("About", [Fact("People", 0)])).replace(" ", "")
    assert Facts("About", [Fact("People", 0)]).unstated == ""


def test_what_is_not_stated_stands_together_in_one_line():
    facts = Facts("About", [Fact("People", None), Fact("Team", "Data"), Fact("Contract", ""), Fact("End", "", "open")])
    assert "People, Contract" in str(facts)
    assert [fact.label for fact in facts.shown] == ["Team", "End"]
