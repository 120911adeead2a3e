"""The demo, loaded once for all tests of a file that only look at it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from identities.people.models import Tenant
from identities.tokens import services as tokens
from identities.vaults import services as vaults
from scheduling.demo import estate, loading

PORTAL = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def at() -> datetime:
    return timezone.now()


@pytest.fixture(scope="module")
def demo(at: datetime, django_db_setup: None, django_db_blocker: Any) -> Iterator[Tenant]:
    """Tests run in savepoints within this transaction, which is undone after the last of them."""
    with django_db_blocker.unblock(), override_settings(PASSPORT_URL=PORTAL), transaction.atomic():
        tokens.ensure_signing_key()
        vaults.ensure_default()
        assert loading.load(at) is True
        yield Tenant.objects.get(slug=estate.SLUG)
        transaction.set_rollback(True)
