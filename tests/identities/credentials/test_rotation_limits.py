"""How far ahead a credential's date may lie: its tier's maximum, or as far as a live exception."""

from datetime import timedelta

import pytest
from django.utils import timezone

from identities.credentials import rotation_limits
from identities.errors import Invalid
from identities.inventory import exceptions
from identities.inventory.models import ExceptionKind
from identities.inventory.standards import DEFAULTS
from tests.factories import register

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_only_a_live_exception_lets_a_date_go_beyond_the_tier_and_no_further_than_it_lasts() -> None:
    identity = register.identity(register.tenant(), risk_tier="high", rotation_interval_days=7)
    at = timezone.now()

    def allows(days: int) -> bool:
        try:
            rotation_limits.check(identity, at + days * DAY, at=timezone.now(), standards=DEFAULTS)
        except Invalid as refusal:
            return "rotate_by" not in refusal.errors
        return True

    assert [allows(days) for days in (-1, 29, 31)] == [False, True, False]
    granted = exceptions.grant(
        identity,
        kind=ExceptionKind.ROTATION_BEYOND_MAXIMUM,
        reason="The vendor takes two months",
        expires_at=at + 60 * DAY,
        actor=register.SYSTEM,
    )
    assert [allows(days) for days in (31, 59, 61)] == [True, True, False]
    exceptions.end(granted, reason="Done", actor=register.SYSTEM)
    assert not allows(31)
