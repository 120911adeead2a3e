"""Eras: the chain goes on under another key, and whoever has the former one can change nothing, before or after."""

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from audit import chain, checkpoints, eras, gaps, keys, links, replacement, sealing, services as audit
from audit.actors import Actor
from audit.models import AuditEra, AuditEvent, AuditSeal, SealHead
from audit.replacement import CannotReplace, close_era
from audit.verification import verify
from tests.audit.conftest import NOW, full_rights
from tests.factories.keys import A, B, C, id_of, process

Recorder = Callable[..., AuditEvent]
Trail = Callable[[int], list[AuditEvent]]
SYSTEM = Actor.system("tests")

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def begun(trail: Trail) -> Iterator[None]:
    """Three records and a checkpoint of an installation that has had key A alone."""
    with process(A):
        trail(3)
        sealing.seal_pending()
        checkpoints.take(NOW)
        yield


@pytest.fixture
def replaced(begun: None, trail: Trail) -> None:
    """Key B since record 3; two more and the record of the change itself, and a checkpoint."""
    with process(B, A):
        close_era(actor=SYSTEM)
        trail(2)
        sealing.seal_pending()
        checkpoints.take(NOW + timedelta(hours=1))


def found() -> tuple[str, int | None]:
    broken = verify().first_break
    return (broken.kind.value, broken.seq) if broken else ("", None)


def link_anew(key: str, first: int, last: int, spoil: int = 0) -> None:
    """Make these links anew with a key that one has, after a record among them was changed."""
    with process(key), full_rights() as run:
        if spoil:
            run("UPDATE audit_auditevent SET reason = 'all was well' WHERE id IN "
                "(SELECT event_id FROM audit_auditseal WHERE seq = %s)", spoil)  # fmt: skip
        mac = AuditSeal.objects.filter(seq=first - 1).values_list("mac", flat=True).first() or chain.GENESIS
        for seal in AuditSeal.objects.filter(seq__range=(first, last)).order_by("seq"):
            values = AuditEvent.objects.values(*links.COLUMNS).get(pk=seal.event_id)
            if values["reason"]:
                run("UPDATE audit_auditevent SET tag = %s WHERE id = %s",
                    links.tag_of(links.plain_record(values)), seal.event_id)  # fmt: skip
                values = AuditEvent.objects.values(*links.COLUMNS).get(pk=seal.event_id)
            mac = chain.link(links.chain_key(), seal.seq, mac, links.covered(values))
            run("UPDATE audit_auditseal SET mac = %s WHERE seq = %s", mac, seal.seq)
        if last == SealHead.objects.get().seq:
            run("UPDATE audit_sealhead SET mac = %s", mac)


def without_checkpoints() -> None:
    checkpoints.file_path().unlink()
    with full_rights() as run:
        run("DELETE FROM audit_auditcheckpoint")


# Who may write the chain on.


def test_a_sealer_with_another_key_leaves_it_to_those_that_have_it(record: Recorder) -> None:
    event = record()
    for present, *former in ([C], [B, A], [B]):
        with process(present, *former):
            assert sealing.seal_pending() == 0
            assert checkpoints.take(NOW + timedelta(hours=2)) is None
    assert not AuditSeal.objects.filter(event=event).exists()
    assert sealing.seal_pending() == 1
    assert found() == ("", None)


@pytest.mark.parametrize(("present", "former"), [(B, []), (B, [C])])
def test_nobody_closes_an_era_without_its_key(present: str, former: list[str]) -> None:
    with process(present, *former), pytest.raises(CannotReplace, match=id_of(A)):
        close_era(actor=SYSTEM)
    assert not AuditEra.objects.exists()


@pytest.mark.usefixtures("replaced")
def test_a_former_key_does_not_come_back() -> None:
    with process(A, B), pytest.raises(CannotReplace, match="replaced before"):
        close_era(actor=SYSTEM)


def test_an_era_is_closed_once() -> None:
    assert close_era(actor=SYSTEM) is None
    with process(B, A):
        row = close_era(actor=SYSTEM)
        assert row is not None
        assert (row.until_seq, row.key_id, close_era(actor=SYSTEM)) == (3, id_of(B), None)
    assert AuditEra.objects.count() == 1
    event = AuditEvent.objects.get(type="installation.key_replaced")
    assert event.changes == {"key_id": {"previous": id_of(A), "current": id_of(B)}}
    assert A not in str(event.as_record())


def test_a_head_from_before_ids_were_kept_belongs_to_whose_key_made_the_last_link(record: Recorder) -> None:
    SealHead.objects.update(key_id="")
    record()
    with process(B, A):
        assert sealing.seal_pending() == 0
        assert replacement.is_due()
        assert found() == ("", None)
    assert sealing.seal_pending() == 1
    assert SealHead.objects.get().key_id == id_of(A)


# Whole, with the former key and without it.


@pytest.mark.usefixtures("replaced")
@pytest.mark.parametrize("keys_here", [[B, A], [B], [A, B], [C, B]])
def test_the_whole_trail_verifies_across_the_change(keys_here: list[str]) -> None:
    with process(*keys_here):
        verdict = verify()
        assert verdict.is_intact, verdict.line()
        assert (verdict.sealed, verdict.checkpoints) == (6, 4)


@pytest.mark.usefixtures("replaced")
@pytest.mark.parametrize("keys_here", [[A], [C], [C, A]])
def test_who_does_not_have_the_present_key_cannot_verify(keys_here: list[str]) -> None:
    with process(*keys_here):
        assert not verify().is_intact


@pytest.mark.usefixtures("replaced")
def test_two_changes_need_the_last_key_alone(trail: Trail) -> None:
    with process(C, B):
        close_era(actor=SYSTEM)
        trail(1)
        sealing.seal_pending()
        checkpoints.take(NOW + timedelta(hours=3))
        assert found() == ("", None)
    with process(C):
        assert [(era.key_id, era.until) for era in eras.load().past] == [(id_of(A), 3), (id_of(B), 6)]
        assert found() == ("", None)
    with process(B):
        assert found() != ("", None)


def test_old_and_new_processes_side_by_side_lose_nothing(trail: Trail) -> None:
    first, second, third = process(A, B), process(B, A), process(B)
    for each in (first, second, first, second):  # step two is on its way
        with each:
            trail(2)
            sealing.seal_pending()
            assert found() == ("", None)
    with second:
        close_era(actor=SYSTEM)
    for each in (first, second, first):  # somebody did not restart yet
        with each:
            trail(2)
            sealing.seal_pending()
            assert found() == ("", None)
    with second:
        assert replacement.waiting() == 2
        sealing.seal_all()
        assert replacement.waiting() == 0
    with third:
        trail(1)
        sealing.seal_all()
        verdict = verify()
        assert (verdict.is_intact, verdict.sealed, verdict.unsealed) == (True, 3 + 8 + 1 + 6 + 1, 0)


def test_a_change_of_key_during_a_walk_breaks_nothing(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    from audit import evidence

    entries, is_first = evidence.entries, [True]

    def meanwhile() -> Iterator[Any]:
        if is_first.pop() if is_first else False:
            close_era(actor=SYSTEM)
            trail(1)
            sealing.seal_pending()
        yield from entries()

    monkeypatch.setattr(evidence, "entries", meanwhile)
    with process(B, A):
        verdict = verify()
    assert (verdict.is_intact, verdict.sealed) == (True, 5)


# Who has the former key, and the database.


@pytest.mark.usefixtures("replaced")
@pytest.mark.parametrize("keys_here", [[B, A], [B]])
def test_nothing_before_the_change_can_be_rewritten_with_the_former_key(keys_here: list[str]) -> None:
    without_checkpoints()
    link_anew(A, 2, 3, spoil=2)
    with process(*keys_here):
        assert found() == ("rewritten", 3)


@pytest.mark.usefixtures("replaced")
@pytest.mark.parametrize("keys_here", [[B, A], [B]])
def test_nothing_after_it_can_be_sealed_with_the_former_key(keys_here: list[str]) -> None:
    without_checkpoints()
    link_anew(A, 5, 6, spoil=5)
    with process(*keys_here):
        assert found() == ("moved", 5)


@pytest.mark.usefixtures("replaced")
def test_a_new_record_under_the_former_key_counts_only_while_that_is_a_fallback(record: Recorder) -> None:
    forged = record()  # by key A
    with process(B):
        assert sealing.seal_pending() == 0
        assert found() == ("inserted", None)
        assert not eras.load().has_recorded(AuditEvent.objects.values(*links.COLUMNS).get(pk=forged.pk))
    with process(B, A):
        assert found() == ("", None)


@pytest.mark.usefixtures("replaced")
def test_a_sealed_record_of_a_past_era_stays_one_that_steward_wrote() -> None:
    values = AuditEvent.objects.values(*links.COLUMNS).get(seal__seq=2)
    with process(B):
        assert not links.is_genuine(values)
        assert eras.load().has_recorded(values)
        assert not eras.load().has_recorded({**values, "reason": "another"})


@pytest.mark.usefixtures("replaced")
@pytest.mark.parametrize("keys_here", [[B, A], [B]])
def test_a_change_of_key_that_the_former_one_made_does_not_count(keys_here: list[str]) -> None:
    """Its holder says: since record 6 key A counts again, and before that whatever I say."""
    with process(A, B), transaction.atomic():
        head = SealHead.objects.get()
        past = [*eras.load().past, eras.of_key(id_of(B), until=6, mac=head.mac)]
        row = AuditEra(until_seq=6, mac=head.mac, key_id=keys.key_id(), closed_at=NOW)
        eras.seal(row, [era for era in past if era])
        row.save()
    with process(*keys_here):
        assert eras.load().present.key_id == id_of(B)
        assert found() == ("era", 6)


@pytest.mark.usefixtures("replaced")
@pytest.mark.parametrize("change", ["until_seq = 4", "mac = 'b'", "key_id = 'ffffffff'", "sealed_keys = 'AAAA'"])
def test_a_row_of_eras_that_was_changed_is_found(change: str) -> None:
    with full_rights() as run:
        run(f"UPDATE audit_auditera SET {change}")
    with process(B):
        assert found() != ("", None)


@pytest.mark.usefixtures("replaced")
def test_a_row_of_eras_that_was_taken_away_is_found() -> None:
    with full_rights() as run:
        run("DELETE FROM audit_auditera")
    for keys_here in ([B, A], [B]):
        with process(*keys_here):
            assert not verify().is_intact


@pytest.mark.usefixtures("replaced")
def test_a_tail_cut_to_before_the_change_is_found_without_a_checkpoint() -> None:
    without_checkpoints()
    with full_rights() as run:
        run("DELETE FROM audit_auditseal WHERE seq > 2")
        mac = AuditSeal.objects.get(seq=2).mac
        run("UPDATE audit_sealhead SET seq = 2, mac = %s", mac)
    with process(B):
        assert found() == ("cut", 3)


@pytest.mark.usefixtures("replaced")
def test_a_checkpoint_after_the_change_is_not_signed_with_the_former_key() -> None:
    line = checkpoints.last_line(checkpoints.file_path())
    assert line is not None
    forged = checkpoints.Checkpoint(line.seq, line.mac, line.count, line.taken_at, line.signed())  # by A
    with process(B, A):
        assert line.is_genuine()
        assert not forged.is_genuine()


# A backup of before the change.


def test_a_backup_of_before_the_change_is_met_and_goes_over_again(trail: Trail, tmp_path: Path) -> None:
    kept = Path(shutil.copy(checkpoints.file_path(), tmp_path / "kept.jsonl"))
    with process(B, A):
        close_era(actor=SYSTEM)
        trail(2)
        sealing.seal_pending()
        checkpoints.take(NOW + timedelta(hours=1))
        with full_rights() as run:
            run("DELETE FROM audit_auditera")
            run("DELETE FROM audit_auditcheckpoint WHERE seq > 3")
            run("DELETE FROM audit_auditseal WHERE seq > 3")
            run("DELETE FROM audit_auditevent WHERE id NOT IN (SELECT event_id FROM audit_auditseal)")
            run("UPDATE audit_sealhead SET seq = 3, swept_id = 0, key_id = %s, mac = %s",
                id_of(A), AuditSeal.objects.get(seq=3).mac)  # fmt: skip
        assert verify(kept).is_intact
        lost = gaps.found()
        assert lost is not None
        assert (lost.kept, lost.seen) == (3, 6)
        with transaction.atomic():
            audit.record("installation.restored", actor=SYSTEM, subject=replacement.INSTALLATION, reason="Disk.")
        assert gaps.settle()
        close_era(actor=SYSTEM)
        sealing.seal_pending()
    with process(B):
        assert found() == ("", None)
