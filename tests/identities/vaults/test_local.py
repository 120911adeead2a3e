"""Steward's own vault: nothing opens that was moved or sealed under another key."""

from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from identities.people.models import Tenant
from identities.vaults import failures, services as vaults
from identities.vaults.models import LocalSecret
from identities.vaults.references import SecretReference
from tests.factories import people
from tests.factories.vaults import SYSTEM

REFERENCE = SecretReference("local", "local://default", "payroll")


@pytest.mark.django_db
@pytest.mark.parametrize("move", [{"name": "other"}, {"version": 7}])
def test_a_ciphertext_moved_to_another_place_does_not_open(tenant: Tenant, move: dict[str, Any]) -> None:
    vaults.write_secret(REFERENCE, "x", tenant_id=tenant.pk, actor=SYSTEM)
    LocalSecret.objects.update(**move)
    moved = SecretReference("local", "local://default", move.get("name", "payroll"))
    with pytest.raises(failures.SecretUnreadable) as refused:
        vaults.read_secret(moved, tenant.pk, actor=SYSTEM)
    assert refused.value.code == "secret_unreadable"


@pytest.mark.django_db
def test_a_ciphertext_moved_to_another_tenant_does_not_open(tenant: Tenant) -> None:
    vaults.write_secret(REFERENCE, "x", tenant_id=tenant.pk, actor=SYSTEM)
    thief = people.tenant()
    LocalSecret.objects.update(tenant=thief)
    with pytest.raises(failures.SecretUnreadable):
        vaults.read_secret(REFERENCE, thief.pk, actor=SYSTEM)


@pytest.mark.django_db
def test_another_encryption_key_opens_nothing(tenant: Tenant, settings: Any) -> None:
    vaults.write_secret(REFERENCE, "x", tenant_id=tenant.pk, actor=SYSTEM)
    settings.STEWARD_ENCRYPTION_KEY = urlsafe_b64encode(b"z" * 32).decode()
    with pytest.raises(failures.SecretUnreadable):
        vaults.read_secret(REFERENCE, tenant.pk, actor=SYSTEM)


@pytest.mark.django_db(transaction=True)
def test_writers_at_once_each_get_a_version_or_a_conflict() -> None:
    tenant = people.tenant()

    def write(number: int) -> str:
        try:
            return vaults.write_secret(REFERENCE, f"value {number}", tenant_id=tenant.pk, actor=SYSTEM)
        except failures.VersionConflict:
            return "conflict"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(write, range(12)))
    versions = sorted(int(result) for result in results if result != "conflict")
    assert versions == list(range(1, len(versions) + 1))
    assert LocalSecret.objects.count() == len(versions) >= 1
