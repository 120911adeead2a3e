"""An older backup beside a newer checkpoint file is seen, holds Steward back, and is answered for once."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from audit import checkpoints, gaps, sealing, tasks
from audit.actors import Actor, Subject
from audit.events import InstallationEvent
from audit.models import AuditCheckpoint, AuditEvent, AuditSeal, SealHead
from audit.verification import verify
from tests.audit.conftest import NOW, full_rights

Record = Callable[..., AuditEvent]
Trail = Callable[[int], list[AuditEvent]]

pytestmark = pytest.mark.django_db

KEPT, SEEN = 4, 9


@pytest.fixture
def restored(trail: Trail) -> Path:
    """A database as it was after four records, beside a file that saw nine; a copy of the file."""
    for count, at in ((KEPT, NOW), (SEEN - KEPT, NOW + timedelta(minutes=1))):
        trail(count)
        sealing.seal_pending()
        checkpoints.take(at)
    forget_after(KEPT)
    return Path(shutil.copy(checkpoints.file_path(), checkpoints.file_path().with_name("elsewhere.jsonl")))


def forget_after(seq: int) -> None:
    mac = AuditSeal.objects.get(seq=seq).mac
    with full_rights() as run:
        run("DELETE FROM audit_auditcheckpoint WHERE seq > %s", seq)
        run("DELETE FROM audit_auditevent WHERE id IN (SELECT event_id FROM audit_auditseal WHERE seq > %s)", seq)
        run("DELETE FROM audit_auditseal WHERE seq > %s", seq)
    SealHead.objects.filter(id=1).update(seq=seq, mac=mac)


def answer(record: Record) -> AuditEvent:
    who, what = Actor.system("restored"), Subject("installation", "steward", "Steward")
    return record(InstallationEvent.RESTORED, actor=who, subject=what)


def test_a_database_that_knows_its_file_has_no_gap(trail: Trail) -> None:
    assert gaps.found() is None
    trail(3)
    sealing.seal_pending()
    checkpoints.take(NOW)
    assert gaps.found() is None
    assert gaps.settle()


def test_the_usual_look_costs_one_query(trail: Trail, django_assert_num_queries: Any) -> None:
    trail(3)
    sealing.seal_pending()
    checkpoints.take(NOW)
    with django_assert_num_queries(1):
        gaps.found()


def test_what_an_older_backup_lost_is_said(restored: Path) -> None:
    assert gaps.found() == gaps.Gap(KEPT, SEEN, NOW + timedelta(minutes=1))


def test_it_stays_so_when_new_records_reach_the_lost_numbers(restored: Path, trail: Trail) -> None:
    trail(SEEN)
    tasks.seal()
    assert gaps.found() is not None
    assert AuditCheckpoint.objects.count() == 1, "nothing is stated over what nobody has answered for"
    assert checkpoints.file_path().read_text() == restored.read_text()


def test_a_file_of_somebody_else_is_no_gap(restored: Path) -> None:
    with full_rights() as run:
        run("UPDATE audit_auditcheckpoint SET mac = %s", "0" * 64)
    assert gaps.found() is None


def test_a_line_without_our_signature_holds_nobody_back(restored: Path) -> None:
    last = restored.read_text().splitlines()[-1].replace('"seq": 9', '"seq": 99').replace('"count": 9', '"count": 99')
    with checkpoints.file_path().open("a") as file:
        file.write(last + "\n")
    assert gaps.found() is None


def test_an_event_that_steward_did_not_write_is_no_answer(restored: Path, record: Record) -> None:
    event = answer(record)
    with full_rights() as run:
        run("UPDATE audit_auditevent SET reason = 'a word' WHERE id = %s", event.id)
    assert gaps.found() is not None
    assert not gaps.settle()


def test_answered_for_steward_goes_on_and_the_file_is_put_aside(restored: Path, record: Record) -> None:
    answer(record)
    assert gaps.found() is None
    tasks.seal()
    aside = checkpoints.file_path().with_name("checkpoints.lost-20260501T120100Z.jsonl")
    assert aside.read_text() == restored.read_text()
    seen = [line.seq for line in checkpoints.read_file(checkpoints.file_path()) if line]
    assert seen == [KEPT, KEPT + 1]
    assert verify().is_intact


def test_an_answer_of_before_is_none_for_the_next_gap(restored: Path, record: Record) -> None:
    answer(record)
    sealing.seal_pending()
    gaps.settle()
    kept = SealHead.present().seq
    checkpoints.take(timezone.now() + timedelta(hours=1))
    record()
    sealing.seal_pending()
    checkpoints.take(timezone.now() + timedelta(hours=2))
    forget_after(kept)
    found = gaps.found()
    assert found is not None
    assert (found.kept, found.seen) == (kept, kept + 1)


def test_the_copy_kept_elsewhere_shows_the_loss_and_who_said_why(restored: Path, record: Record) -> None:
    before = verify(restored)
    assert before.first_break is not None
    assert before.line() == (
        "The audit trail is broken (cut): the tail is cut off after 4: a checkpoint of 2026-05-01T12:01:00.000000Z saw "
        "9 records."
    )
    event = answer(record)
    tasks.seal()
    after = verify(restored)
    assert after.first_break is not None
    assert (after.first_break.kind, after.first_break.seq) == ("cut", KEPT + 2)
    assert after.first_break.message.endswith(f"saw 9 records (event {event.id} says that a backup was restored)")
