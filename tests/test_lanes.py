"""The lanes: what is asked for, what is said."""

import subprocess
import threading

import pytest

from tests import lanes
from tests.conftest import BY_HAND, LANE_MARKS, asks_a_database, open_lanes


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


def test_lanes_that_wait_run_beside_one_another_and_the_others_alone(monkeypatch, capsys):
    monkeypatch.setattr(lanes, "is_listening", lambda address: True)
    monkeypatch.setattr(lanes, "openbao_is_installed", lambda: True)
    monkeypatch.setattr(lanes.shutil, "which", lambda name: f"/usr/bin/{name}")
    together, there, most = threading.Barrier(3, timeout=20), [], []

    def run(lane: lanes.Lane, extra: tuple[str, ...]) -> tuple[bool, str]:
        there.append(lane.name)
        if lane.mostly_waits:
            together.wait()
        most.append((lane.mostly_waits, len(there)))
        if lane.mostly_waits:
            together.wait()
        there.remove(lane.name)
        return True, "ran"

    monkeypatch.setattr(lanes, "run", run)
    assert lanes.main(["all"]) == 0
    assert set(most) == {(True, 3), (False, 1)}
    assert [line.split()[0] for line in capsys.readouterr().out.split("Lanes")[1].split("\n") if line] == [
        "SQLite", "PostgreSQL", "Redis", "RabbitMQ", "Chromium", "OpenBao", "long",
    ]  # fmt: skip


@pytest.mark.parametrize("mostly_waits", [False, True])
def test_what_a_lane_says_beside_others_stands_together_under_its_name(monkeypatch, capsys, mostly_waits):
    def ended(command: list[str], *, stdout: int | None, **more: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "said by pytest\n" if stdout else None)

    monkeypatch.setattr(lanes.subprocess, "run", ended)
    passed, words = lanes.run(lanes.Lane("Redis", ("-m", "broker"), mostly_waits=mostly_waits), ())
    assert not passed
    assert words.startswith("FAILED after ")
    assert capsys.readouterr().out == "\n== Redis\n" + ("said by pytest\n" if mostly_waits else "")


def test_what_only_one_database_is_asked_says_nothing_that_only_the_other_answers():
    left_out = lanes.asked_of_one()
    assert "tests/identities/api/test_problems.py" in left_out
    assert [path for path in left_out if "mark.postgres" in (lanes.ROOT / path).read_text()] == []
    stems = {path.stem for folder in lanes.FACES for path in (lanes.ROOT / folder).glob("test_*.py")}
    assert set(lanes.ASKED_OF_BOTH) <= stems


def test_what_is_left_out_on_another_database_exists():
    assert [path for path in lanes.ASKS_NO_DATABASE if not (lanes.ROOT / path).exists()] == []


def test_a_test_without_a_database_is_not_asked_of_another(request):
    assert not asks_a_database(request.node)


@pytest.mark.django_db
def test_one_that_is_marked_is(request):
    assert asks_a_database(request.node)


def test_so_is_one_whose_fixtures_need_it(request, db):
    assert asks_a_database(request.node)


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
