"""The audit's periodic work."""

from collections.abc import Callable

import pytest

from audit import checkpoints, sealing, tasks
from audit.models import AuditEvent, AuditSeal, AuditVerification

Trail = Callable[[int], list[AuditEvent]]

pytestmark = pytest.mark.django_db


def test_the_sealing_task_seals_and_takes_a_checkpoint(trail: Trail) -> None:
    trail(2)
    tasks.seal()
    assert AuditSeal.objects.count() == 2
    assert len(checkpoints.file_path().read_text().splitlines()) == 1


def test_running_twice_does_no_harm(trail: Trail) -> None:
    trail(2)
    tasks.seal()
    tasks.seal()
    assert AuditSeal.objects.count() == 2
    assert len(checkpoints.file_path().read_text().splitlines()) == 1


def test_the_verifying_task_keeps_its_verdict(trail: Trail) -> None:
    trail(1)
    sealing.seal_pending()
    tasks.verify()
    assert AuditVerification.objects.get().is_intact
