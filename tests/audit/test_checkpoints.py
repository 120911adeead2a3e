"""Statements of how far the chain had come, in a table and in a file."""

import json
import stat
from collections.abc import Callable
from datetime import timedelta

import pytest

from audit import checkpoints, sealing
from audit.checkpoints import Checkpoint
from audit.models import AuditCheckpoint, AuditEvent
from audit.verification import verify
from tests.audit.conftest import NOW

Trail = Callable[[int], list[AuditEvent]]

pytestmark = pytest.mark.django_db


def lines() -> list[str]:
    return checkpoints.file_path().read_text().splitlines()


def test_an_empty_chain_has_no_checkpoint() -> None:
    assert checkpoints.take(NOW) is None
    assert not checkpoints.file_path().exists()


def test_a_checkpoint_goes_into_the_table_and_the_file(trail: Trail) -> None:
    trail(3)
    sealing.seal_pending()
    row = checkpoints.take(NOW)
    assert row is not None
    assert (row.seq, row.count) == (3, 3)
    assert Checkpoint.of_line(lines()[0]) == Checkpoint.of_row(row)
    assert Checkpoint.of_row(row).is_genuine()
    assert stat.S_IMODE(checkpoints.file_path().stat().st_mode) == 0o600


def test_there_is_one_at_most_each_interval_and_none_without_news(trail: Trail) -> None:
    for after, events, expected in ((0, 1, 1), (10, 1, None), (30, 0, 2), (90, 0, None), (91, 1, 3)):
        trail(events)
        sealing.seal_pending()
        row = checkpoints.take(NOW + timedelta(seconds=after))
        assert (row.seq if row else None) == expected
    assert len(lines()) == 3


def test_a_clock_moved_back_does_not_stop_checkpoints(trail: Trail) -> None:
    for at in (NOW, NOW - timedelta(days=1)):
        trail(1)
        sealing.seal_pending()
        assert checkpoints.take(at)


def test_what_could_not_be_written_is_caught_up(trail: Trail) -> None:
    checkpoints.file_path().mkdir(parents=True)
    trail(1)
    sealing.seal_pending()
    with pytest.raises(IsADirectoryError):
        checkpoints.take(NOW)
    checkpoints.file_path().rmdir()
    assert checkpoints.take(NOW) is None
    assert len(lines()) == AuditCheckpoint.objects.count() == 1


def test_a_torn_line_harms_neither_its_neighbours_nor_the_walk(trail: Trail) -> None:
    trail(1)
    sealing.seal_pending()
    checkpoints.take(NOW)
    with checkpoints.file_path().open("a") as file:
        file.write('{"seq": 2, "ma')
    trail(1)
    sealing.seal_pending()
    checkpoints.take(NOW + timedelta(minutes=1))
    assert [item.seq if item else None for item in checkpoints.read_file(checkpoints.file_path())] == [1, None, 2]
    verdict = verify()
    assert verdict.is_intact
    assert "1 unreadable line" in verdict.line()


@pytest.mark.parametrize(
    "line",
    ["", "[]", "{}", "null", "1", '{"seq": "1", "mac": "", "count": 1, "takenAt": "", "signature": ""}',
     '{"seq": true, "mac": "", "count": 1, "takenAt": "", "signature": ""}', "\ufffd" * 9000, "[" * 4000],
)  # fmt: skip
def test_a_line_that_is_no_checkpoint_is_none(line: str) -> None:
    with pytest.raises(ValueError):
        Checkpoint.of_line(line)


@pytest.mark.parametrize(("member", "value"), [("seq", 2), ("count", 2), ("mac", "0" * 64), ("takenAt", "2026")])
def test_any_altered_member_takes_the_signature_away(trail: Trail, member: str, value: object) -> None:
    trail(1)
    sealing.seal_pending()
    checkpoints.take(NOW)
    altered = json.dumps(json.loads(lines()[0]) | {member: value})
    assert not Checkpoint.of_line(altered).is_genuine()
