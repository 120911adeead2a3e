"""Approvals that nobody answers, in the background."""

from datetime import timedelta

import pytest
from django.utils import timezone

from identities.tasks import approvals as tasks
from tests.factories import register
from tests.factories.approvals import asked, seen, veteran

pytestmark = pytest.mark.django_db


def test_what_nobody_answered_in_time_expires_once() -> None:
    tenant = register.tenant()
    late = asked(register.identity(tenant), veteran(tenant), due_at=timezone.now() - timedelta(minutes=1))
    early = asked(register.identity(tenant), veteran(tenant))
    seen()
    for _ in range(2):
        tasks.expire_approvals()
    late.refresh_from_db()
    early.refresh_from_db()
    assert (late.state, early.state, seen()) == ("expired", "pending", ["expired"])
