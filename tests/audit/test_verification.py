"""Twelve kinds of tampering with full database rights, each found and named where it begins."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.utils import timezone

from audit import chain, checkpoints, links, sealing, selectors
from audit.models import AuditEvent, AuditSeal, SealHead
from audit.verification import Verdict, note, verify
from tests.audit.conftest import LENGTH, NOW, full_rights

Trail = Callable[[int], list[AuditEvent]]

pytestmark = pytest.mark.django_db(transaction=True)


def the_break(verdict: Verdict) -> tuple[str, int | None]:
    assert verdict.first_break is not None, verdict.line()
    return verdict.first_break.kind.value, verdict.first_break.seq


def rewrite(from_seq: int = 1) -> None:
    """Make every link anew, as only a thief of the key could."""
    mac = AuditSeal.objects.filter(seq=from_seq - 1).values_list("mac", flat=True).first() or chain.GENESIS
    with full_rights() as run:
        for seal in AuditSeal.objects.filter(seq__gte=from_seq).order_by("seq"):
            values = AuditEvent.objects.values(*links.COLUMNS).get(pk=seal.event_id)
            mac = chain.link(links.chain_key(), seal.seq, mac, links.covered(values))
            run("UPDATE audit_auditseal SET mac = %s WHERE seq = %s", mac, seal.seq)
        run("UPDATE audit_sealhead SET mac = %s", mac)


def test_an_untouched_trail_is_intact(witnessed: Path) -> None:
    verdict = verify(witnessed)
    assert verdict.is_intact
    assert (verdict.sealed, verdict.unsealed, verdict.checkpoints) == (LENGTH, 0, 2)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("reason", "all was well"), ("actor_label", "somebody else"), ("outcome", "failure"), ("address", "192.0.2.1"),
        ("correlation_id", "another"), ("tag", "f" * 64), ("subject_id", "wf-other"), ("type", "run.failed"),
    ],
)  # fmt: skip
def test_a_changed_field_is_found(sealed: list[AuditEvent], column: str, value: str) -> None:
    with full_rights() as run:
        run(f"UPDATE audit_auditevent SET {column} = %s WHERE id = %s", value, sealed[6].pk)
    assert the_break(verify()) == ("changed", 7)


def test_a_changed_byte_in_the_details_is_found(sealed: list[AuditEvent]) -> None:
    with full_rights() as run:
        run("UPDATE audit_auditevent SET details = %s WHERE id = %s", json.dumps({"number": 4.0}), sealed[3].pk)
    assert the_break(verify()) == ("changed", 4)


def test_a_changed_time_is_found(sealed: list[AuditEvent]) -> None:
    with full_rights() as run:
        run("UPDATE audit_auditevent SET recorded_at = %s WHERE id = %s", NOW - timedelta(days=9), sealed[4].pk)
    assert the_break(verify()) == ("changed", 5)


def test_a_deleted_event_is_found(sealed: list[AuditEvent]) -> None:
    with full_rights() as run:
        run("DELETE FROM audit_auditevent WHERE id = %s", sealed[2].pk)
    assert the_break(verify()) == ("deleted", 3)


def test_an_event_deleted_with_its_seal_is_found(sealed: list[AuditEvent]) -> None:
    with full_rights() as run:
        run("DELETE FROM audit_auditseal WHERE seq = 3")
        run("DELETE FROM audit_auditevent WHERE id = %s", sealed[2].pk)
    assert the_break(verify()) == ("deleted", 3)


def test_a_deleted_first_record_is_found(sealed: list[AuditEvent]) -> None:
    with full_rights() as run:
        run("DELETE FROM audit_auditseal WHERE seq = 1")
        run("DELETE FROM audit_auditevent WHERE id = %s", sealed[0].pk)
    assert the_break(verify()) == ("deleted", 1)


def test_a_closed_gap_is_found(sealed: list[AuditEvent]) -> None:
    with full_rights() as run:
        run("DELETE FROM audit_auditseal WHERE seq = 3")
        run("DELETE FROM audit_auditevent WHERE id = %s", sealed[2].pk)
        for seq in range(4, LENGTH + 1):
            run("UPDATE audit_auditseal SET seq = %s WHERE seq = %s", seq - 1, seq)
        run("UPDATE audit_sealhead SET seq = %s", LENGTH - 1)
    assert the_break(verify()) == ("moved", 3)


def test_two_swapped_seals_are_found(sealed: list[AuditEvent]) -> None:
    with full_rights() as run:
        run("UPDATE audit_auditseal SET seq = 99 WHERE seq = 5")
        run("UPDATE audit_auditseal SET seq = 5 WHERE seq = 9")
        run("UPDATE audit_auditseal SET seq = 9 WHERE seq = 99")
    assert the_break(verify()) == ("moved", 5)


def test_an_event_slipped_in_with_a_seal_is_found(sealed: list[AuditEvent], record: Callable[..., AuditEvent]) -> None:
    extra = record(reason="slipped in")
    with full_rights() as run:
        run("INSERT INTO audit_auditseal (event_id, seq, mac) VALUES (%s, %s, %s)", extra.pk, LENGTH + 1, "a" * 64)
    assert the_break(verify())[1] == LENGTH + 1


def test_an_event_put_behind_the_sealer_is_found(sealed: list[AuditEvent], record: Callable[..., AuditEvent]) -> None:
    record()
    SealHead.objects.update(swept_id=10**6)
    assert the_break(verify()) == ("unsealed", None)


def test_an_event_nobody_sealed_for_long_is_found(sealed: list[AuditEvent], record: Callable[..., AuditEvent]) -> None:
    record()
    assert verify().unsealed == 1
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=True):
        assert the_break(verify()) == ("unsealed", None)


def test_an_event_changed_before_it_was_sealed_is_found(trail: Trail) -> None:
    event = trail(3)[1]
    with full_rights() as run:
        run("UPDATE audit_auditevent SET reason = 'x' WHERE id = %s", event.pk)
    sealing.seal_pending()
    verdict = verify()
    assert the_break(verdict) == ("inserted", None)
    assert verdict.first_break is not None
    assert verdict.first_break.event == str(event.uuid)


def test_a_cut_tail_is_found_by_the_head(sealed: list[AuditEvent]) -> None:
    cut_from(LENGTH - 2, set_back_head=False)
    assert the_break(verify()) == ("cut", LENGTH - 2)


def test_a_cut_tail_with_its_head_set_back_is_found_by_the_checkpoints(witnessed: Path) -> None:
    cut_from(LENGTH - 2, set_back_head=True)
    assert the_break(verify()) == ("cut", LENGTH - 2)


def test_a_tail_cut_clean_is_found_by_the_file_alone(witnessed: Path) -> None:
    cut_from(LENGTH - 2, set_back_head=True)
    with full_rights() as run:
        run("DELETE FROM audit_auditcheckpoint")
    checkpoints.file_path().unlink()
    assert verify().is_intact
    assert the_break(verify(witnessed)) == ("cut", LENGTH - 2)


def test_an_older_dump_that_grew_again_is_found_by_the_file(witnessed: Path, trail: Trail) -> None:
    cut_from(5, set_back_head=True)
    with full_rights() as run:
        run("DELETE FROM audit_auditcheckpoint")
    trail(20)
    sealing.seal_pending()
    checkpoints.take(NOW + timedelta(hours=1))
    assert the_break(verify(witnessed)) == ("rewritten", LENGTH)


def test_a_head_set_back_is_found(sealed: list[AuditEvent]) -> None:
    SealHead.objects.update(seq=4)
    assert the_break(verify()) == ("head", 5)


def test_a_chain_rewritten_with_the_stolen_key_is_found_by_the_file(witnessed: Path) -> None:
    with full_rights() as run:
        run("UPDATE audit_auditevent SET reason = 'never' WHERE id = %s", AuditSeal.objects.get(seq=6).event_id)
        run("DELETE FROM audit_auditcheckpoint")
    rewrite(from_seq=6)
    checkpoints.file_path().unlink()
    assert verify().is_intact
    assert the_break(verify(witnessed)) == ("rewritten", LENGTH)


def test_a_forged_checkpoint_is_found(witnessed: Path) -> None:
    line = json.loads(witnessed.read_text())
    witnessed.write_text(json.dumps(line | {"seq": 5, "count": 5}) + "\n")
    assert the_break(verify(witnessed)) == ("checkpoint", 5)


def test_a_forged_checkpoint_in_the_table_is_found(witnessed: Path) -> None:
    with full_rights() as run:
        run("UPDATE audit_auditcheckpoint SET mac = %s", "b" * 64)
    assert the_break(verify()) == ("checkpoint", LENGTH)


def test_of_several_breaks_the_first_is_named(witnessed: Path, sealed: list[AuditEvent]) -> None:
    cut_from(LENGTH - 1, set_back_head=True)
    with full_rights() as run:
        run("UPDATE audit_auditevent SET reason = 'x' WHERE id = %s", sealed[8].pk)
        run("UPDATE audit_auditevent SET reason = 'x' WHERE id = %s", sealed[3].pk)
    assert the_break(verify(witnessed)) == ("changed", 4)


def test_a_clock_moved_back_is_marked(trail: Trail) -> None:
    trail(2)
    with time_machine.travel(timezone.now() - timedelta(hours=2), tick=True):
        trail(1)
    sealing.seal_pending()
    verdict = verify()
    assert verdict.is_intact
    assert (verdict.backdated, verdict.first_backdated) == (1, 3)
    assert "1 older than the one before" in verdict.line()


def test_a_database_that_would_take_changes_is_noted(sealed: list[AuditEvent]) -> None:
    with full_rights():
        verdict = verify()
    assert verdict.is_intact
    assert "does not refuse changes" in verdict.line()


def test_the_walk_needs_few_queries_whatever_the_length(
    sealed: list[AuditEvent], django_assert_max_num_queries: Callable[[int], object]
) -> None:
    with django_assert_max_num_queries(14):
        verify()


def test_the_screens_hear_of_the_last_walk(sealed: list[AuditEvent], record: Callable[..., AuditEvent]) -> None:
    assert selectors.verification_state().is_intact is None
    note(verify())
    record()
    state = selectors.verification_state()
    assert (state.is_intact, state.sealed, state.unsealed, state.verified_up_to) == (True, LENGTH, 1, LENGTH)


def cut_from(seq: int, *, set_back_head: bool) -> None:
    with full_rights() as run:
        ids = list(AuditSeal.objects.filter(seq__gte=seq).values_list("event_id", flat=True))
        run("DELETE FROM audit_auditseal WHERE seq >= %s", seq)
        for event_id in ids:
            run("DELETE FROM audit_auditevent WHERE id = %s", event_id)
        if set_back_head:
            mac = AuditSeal.objects.get(seq=seq - 1).mac
            run("UPDATE audit_sealhead SET seq = %s, mac = %s, swept_id = 0", seq - 1, mac)
