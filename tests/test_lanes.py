"""The lanes: what is asked for, what is said."""

import pytest

from tests import lanes
from tests.conftest import BY_HAND, LANE_MARKS, open_lanes


@pytest.fixture
def no_servers(monkeypatch):
    monkeypatch.setattr(lanes, "is_listening", lambda address: False)
    monkeypatch.setattr(lanes, "BROWSERS", ("no-such-browser",))
    monkeypatch.setattr(lanes, "openbao_is_installed", lambda: False)


@pytest.fixture
def runs(monkeypatch):
    done: list[str] = []

    def run(lane: lanes.Lane, extra: tuple[str, ...]) -> tuple[bool, str]:
        done.append(lane.name)
        return lane.name != "Redis", "ran"

    monkeypatch.setattr(lanes, "run", run)
    return done


def test_without_a_word_only_the_default_lane_runs(runs):
    assert lanes.main([]) == 0
    assert runs == ["SQLite"]


def test_what_cannot_be_had_is_skipped_and_says_why(runs, no_servers, capsys):
    assert lanes.main(["all"]) == 0
    assert runs == ["SQLite", "long kills"]
    said = capsys.readouterr().out
    assert "skipped: nothing listens at 127.0.0.1:5432" in said
    assert "skipped: no Chromium is installed" in said
    assert "guest:guest" not in said


def test_a_lane_that_is_a_part_of_the_suite_is_not_run_again(runs, monkeypatch, capsys):
    monkeypatch.setattr(lanes, "is_listening", lambda address: True)
    monkeypatch.setattr(lanes, "openbao_is_installed", lambda: True)
    lanes.main(["all"])
    assert "OpenBao" not in runs
    assert "OpenBao     ran with the suite" in capsys.readouterr().out


def test_one_failing_lane_fails_the_whole_and_stops_no_other(runs, monkeypatch):
    monkeypatch.setattr(lanes, "is_listening", lambda address: True)
    assert lanes.main(["all"]) == 1
    assert {"Redis", "RabbitMQ", "long kills"} <= set(runs)


def test_what_only_one_database_is_asked_says_nothing_that_only_the_other_answers():
    left_out = lanes.asked_of_one()
    assert "tests/identities/api/test_problems.py" in left_out
    assert [path for path in left_out if "mark.postgres" in (lanes.ROOT / path).read_text()] == []
    stems = {path.stem for folder in lanes.FACES for path in (lanes.ROOT / folder).glob("test_*.py")}
    assert set(lanes.ASKED_OF_BOTH) <= stems


def test_every_mark_has_a_lane_that_opens_it():
    opened = {lane.environment["STEWARD_TEST_LANES"] for lane in lanes.further_lanes() if lane.arguments}
    assert opened | BY_HAND == set(LANE_MARKS)


def test_lanes_are_opened_by_name_or_all_at_once(monkeypatch):
    monkeypatch.setenv("STEWARD_TEST_LANES", "broker, long")
    assert open_lanes() == {"broker", "long"}
    monkeypatch.setenv("STEWARD_TEST_LANES", "all")
    assert open_lanes() == set(LANE_MARKS)
    monkeypatch.delenv("STEWARD_TEST_LANES")
    assert open_lanes() == set()
