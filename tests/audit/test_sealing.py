"""Sealing: numbers without gap or fork, whatever order transactions commit in."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest
import time_machine
from django.db import connection, connections, transaction
from django.utils import timezone

from audit import sealing, services as audit
from audit.models import AuditEvent, AuditSeal, SealHead
from audit.verification import verify
from tests.audit.conftest import BOT, PAYROLL, full_rights

Recorder = Callable[..., AuditEvent]
Trail = Callable[[int], list[AuditEvent]]


@pytest.mark.django_db
def test_nothing_waiting_means_nothing_sealed() -> None:
    assert sealing.seal_pending() == 0
    assert verify().is_intact


@pytest.mark.django_db
def test_numbers_run_from_one_without_a_gap(trail: Trail) -> None:
    trail(5)
    assert [sealing.seal_pending(limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert list(AuditSeal.objects.values_list("seq", flat=True)) == [1, 2, 3, 4, 5]
    assert AuditEvent.objects.select_related("seal").latest("id").seq == 5


@pytest.mark.django_db
def test_all_that_waits_is_sealed_in_small_steps(trail: Trail) -> None:
    trail(7)
    assert sealing.seal_all(limit=3) == 7


@pytest.mark.django_db
def test_what_others_wrote_into_the_table_is_left_unsealed(trail: Trail) -> None:
    trail(2)
    forged = AuditEvent.objects.create(
        recorded_at=timezone.now(),
        type="run.succeeded",
        outcome="success",
        actor_kind="system",
        subject_kind="x",
        tag="0" * 64,
    )
    assert sealing.seal_pending() == 2
    assert not AuditSeal.objects.filter(event=forged).exists()
    found = verify().first_break
    assert found is not None
    assert (found.kind, found.event) == ("inserted", str(forged.uuid))


@pytest.mark.django_db
def test_the_watermark_passes_only_what_is_long_settled(record: Recorder) -> None:
    early = record()
    sealing.seal_pending()
    assert SealHead.objects.get().swept_id < early.pk
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=True):
        late = record()
        sealing.seal_pending()
        assert early.pk <= SealHead.objects.get().swept_id < late.pk


@pytest.mark.django_db
def test_the_watermark_follows_in_quiet_times(record: Recorder) -> None:
    last = record()
    sealing.seal_pending()
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=True):
        assert sealing.seal_pending() == 0
    assert SealHead.objects.get().swept_id == last.pk


@pytest.mark.django_db(transaction=True)
def test_a_lower_id_that_commits_later_is_sealed_after(record: Recorder) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer: ids and commits share an order")

    def sealed_meanwhile() -> int:
        try:
            record(reason="committed first")
            return sealing.seal_pending()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as other, transaction.atomic():
        early = audit.record("run.succeeded", actor=BOT, subject=PAYROLL, reason="recorded first")
        assert other.submit(sealed_meanwhile).result() == 1
    assert sealing.seal_pending() == 1
    assert AuditSeal.objects.get(event=early).seq == 2
    assert verify().is_intact


@pytest.mark.django_db(transaction=True)
def test_writers_and_sealers_at_once_leave_no_gap_and_no_fork(record: Recorder) -> None:
    def write() -> int:
        try:
            for _ in range(15):
                record()
            return 0
        finally:
            connections.close_all()

    def seal() -> int:
        try:
            return sum(sealing.seal_pending(limit=4) for _ in range(12))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(7) as threads:
        jobs = [threads.submit(job) for job in (write, seal, write, seal, write, seal, write)]
        sealed = sum(job.result() for job in jobs)
    sealed += sealing.seal_all()
    numbers = list(AuditSeal.objects.order_by("seq").values_list("seq", flat=True))
    assert sealed == 60 == len(numbers)
    assert numbers[0] == 1
    assert all(after == before + 1 for before, after in pairwise(numbers))
    assert verify().is_intact


@pytest.mark.django_db(transaction=True)
def test_the_sealer_does_not_go_on_from_a_forged_number(trail: Trail) -> None:
    trail(1)
    sealing.seal_pending()
    with full_rights() as run:
        run("UPDATE audit_sealhead SET seq = 0, mac = %s", "0" * 64)
    trail(1)
    with pytest.raises(Exception, match=r"(?i)unique|append-only"):
        sealing.seal_pending()
    assert AuditSeal.objects.count() == 1
