"""The demo, loaded once for all tests that only look at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone

from identities.people.models import Tenant
from identities.tokens import services as tokens
from identities.vaults import services as vaults
from scheduling.demo import estate, loading
from tests import migrated

PORTAL = "http://127.0.0.1:8000"


@pytest.fixture(scope="session")
def at() -> datetime:
    return timezone.now()


@pytest.fixture(scope="session")
def ground(
    at: datetime, django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Path | None:
    """A database file of its own with the demo in it, which the files of tests look at one after the other.

    A server has no file to stand aside: there each file of tests loads it.
    """
    if connection.vendor != "sqlite":
        return None
    folder = tmp_path_factory.mktemp("demo")
    migrated.begin(folder)
    with django_db_blocker.unblock(), override_settings(PASSPORT_URL=PORTAL), at_file(folder / "steward.db"):
        load(at)
    return folder / "steward.db"


@pytest.fixture(scope="module")
def demo(at: datetime, ground: Path | None, django_db_blocker: Any) -> Iterator[Tenant]:
    """Each test runs in a transaction, or a savepoint within one of the whole file, and is undone after it."""
    with django_db_blocker.unblock(), override_settings(PASSPORT_URL=PORTAL):
        if ground is not None:
            with at_file(ground):
                yield Tenant.objects.get(slug=estate.SLUG)
            return
        with transaction.atomic():
            load(at)
            yield Tenant.objects.get(slug=estate.SLUG)
            transaction.set_rollback(True)


def load(at: datetime) -> None:
    tokens.ensure_signing_key()
    vaults.ensure_default()
    assert loading.load(at) is True


@contextmanager
def at_file(path: Path) -> Iterator[None]:
    """The default connection speaks to this file instead of the tests' own."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = str(path)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
