"""What was measured before, and beside which of it a figure is put."""

from dataclasses import replace

import pytest

from benchmarks import history
from benchmarks.history import Entry
from benchmarks.tables import Line

LINE = Line("token, 8 connections", "postgres", "579 req/s", "0.31 of (a)", "0.34 of (a)", foreign=0.1)
OLD = Entry(
    "c0ffee", False, "here", "2026-11-20T00:00:00Z", LINE.what, LINE.database, 500.0, 0.3, 0.33, "500 req/s", 0.1
)  # fmt: skip


@pytest.mark.parametrize("other", [{"machine": "there"}, {"database": "sqlite"}, {"what": "token, 1 connection"}])
def test_another_row_and_another_kind_of_machine_are_not_before(other):
    assert history.before(LINE, [replace(OLD, **other)], kind="here") is None


def test_before_is_the_last_quiet_run():
    loud = replace(OLD, date="2026-11-22T00:00:00Z", foreign=1.5)
    newer = replace(OLD, date="2026-11-21T00:00:00Z")
    assert history.before(LINE, [OLD, newer, loud], kind="here") == newer
    assert history.before(LINE, [loud], kind="here") == loud


def test_what_is_kept_is_read_again_and_a_torn_line_is_passed_over(tmp_path):
    path = tmp_path / "folder" / "history.jsonl"
    made = history.entries([LINE])
    history.keep(made, path)
    path.write_text(path.read_text() + '{"commit": "c0f\n' + '{"commit": "alone"}\n')
    history.keep([replace(made[0], date="2099-01-01T00:00:00Z")], path)
    first, second = history.kept(path, tmp_path / "none")
    assert first == made[0]
    assert (first.value, first.ratio, first.cpu_ratio, first.foreign) == (579.0, 0.31, 0.34, 0.1)
    assert second.date > first.date


def test_the_course_is_drawn_between_its_least_and_its_most():
    assert history.spark([]) == ""
    assert history.spark([2, 2]) == "▅▅"
    assert history.spark([0, 7, 3.5]) == "▁█▅"
