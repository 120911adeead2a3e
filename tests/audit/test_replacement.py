"""What still waits under the former key, and what is said of a replacement."""

from collections.abc import Callable

import pytest

from audit import replacement, sealing
from audit.actors import Actor
from audit.models import AuditEra, AuditEvent
from tests.factories.keys import A, B, process

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = Actor.system("tests")


def test_records_that_wait_under_the_former_key_are_counted(trail: Callable[[int], list[AuditEvent]]) -> None:
    with process(A):
        trail(1)
        sealing.seal_pending()
        trail(2)
    with process(B, A):
        assert replacement.is_due()
        replacement.close_era(actor=SYSTEM)
        assert (replacement.is_due(), replacement.waiting()) == (False, 2)
        sealing.seal_pending()
        assert replacement.waiting() == 0


def test_a_trail_without_a_record_goes_over_as_well(trail: Callable[[int], list[AuditEvent]]) -> None:
    with process(A):
        sealing.seal_pending()
        trail(1)
        sealing.seal_pending()
    with process(B, A):
        replacement.close_era(actor=SYSTEM)
    assert AuditEra.objects.get().until_seq == 1


def test_no_key_and_no_part_of_one_stands_in_the_row(trail: Callable[[int], list[AuditEvent]]) -> None:
    with process(A):
        trail(1)
        sealing.seal_pending()
    with process(B, A):
        row = replacement.close_era(actor=SYSTEM)
    assert row is not None
    assert not any(key.rstrip("=")[:8] in row.sealed_keys for key in (A, B))
