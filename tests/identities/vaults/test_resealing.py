"""Sealing anew: what it holds stays, what is done is left alone, and nobody's newer value is written over."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator

from identities.people.models import Tenant
from identities.vaults import factor_seals, local, resealing, sealed_box, services as vaults
from identities.vaults.models import LocalSecret
from identities.vaults.references import SecretReference
from identities.vaults.resealing import Count, reseal
from tests.factories import people
from tests.factories.keys import A, B, C, process
from tests.factories.vaults import SYSTEM

pytestmark = pytest.mark.django_db
PLACE = SecretReference("local", "local://default", "payroll")


@pytest.fixture
def values(tenant: Tenant) -> None:
    with process(A):
        for number in range(3):
            vaults.write_secret(PLACE, f"value {number}", tenant_id=tenant.pk, actor=SYSTEM)


def run(*, is_trial: bool = False) -> Count:
    return list(reseal(local.SEALED, is_trial=is_trial))[-1]


@pytest.mark.usefixtures("values")
def test_a_trial_counts_and_writes_nothing() -> None:
    before = list(LocalSecret.objects.values_list("ciphertext", flat=True))
    with process(B, A):
        assert run(is_trial=True) == Count(seen=3, former=3)
    assert list(LocalSecret.objects.values_list("ciphertext", flat=True)) == before


@pytest.mark.usefixtures("values")
def test_every_value_opens_under_the_new_key_alone_afterwards(tenant: Tenant, monkeypatch: Any) -> None:
    monkeypatch.setattr(resealing, "BATCH", 2)
    with process(B, A):
        assert run() == Count(seen=3, former=3, moved=3)
        assert run() == Count(seen=3)
    with process(B):
        for version in ("1", "2", "3"):
            place = SecretReference("local", "local://default", "payroll", version)
            assert vaults.read_secret(place, tenant.pk, actor=SYSTEM).reveal() == f"value {int(version) - 1}"


@pytest.mark.usefixtures("values")
def test_what_no_key_opens_stays_and_is_counted() -> None:
    LocalSecret.objects.filter(version=2).update(ciphertext="v1.AAAA")
    with process(C, B):
        assert run() == Count(seen=3, unreadable=3)
    with process(B, A):
        assert run() == Count(seen=3, former=2, moved=2, unreadable=1)
    assert LocalSecret.objects.get(version=2).ciphertext == "v1.AAAA"


@pytest.mark.usefixtures("values")
def test_a_run_that_was_stopped_is_gone_on_with(monkeypatch: Any) -> None:
    monkeypatch.setattr(resealing, "BATCH", 1)
    with process(B, A):
        next(reseal(local.SEALED))
        assert run() == Count(seen=3, former=2, moved=2)


@pytest.mark.usefixtures("values")
def test_what_somebody_wrote_meanwhile_is_theirs() -> None:
    with process(B, A):
        row = LocalSecret.objects.get(version=1)
        LocalSecret.objects.filter(version=1).update(ciphertext="")
        count = Count()
        resealing._reseal_row(local.SEALED, row, count, is_trial=False)
        assert (count.former, count.moved) == (1, 0)
        assert LocalSecret.objects.get(version=1).ciphertext == ""


def test_second_factors_keep_what_else_stands_beside_the_seed() -> None:
    """On the column of JSON, where what was read is compared with what is there."""
    with process(A):
        sealed = [sealed_box.seal(text, factor_seals.PURPOSE) for text in (b"seed", b"code 1", b"code 2")]
        facts = {"seed": sealed[0], "used_mask": 5}
        first = Authenticator.objects.create(user=people.person(), type="recovery_codes", data=facts)
        brought = {"migrated_codes": sealed[1:]}
        second = Authenticator.objects.create(user=people.person(), type="recovery_codes", data=brought)
        third = Authenticator.objects.create(user=people.person(), type="webauthn", data={"credential": {"id": "x"}})
    with process(B, A):
        assert list(reseal(factor_seals.SEALED))[-1] == Count(seen=3, former=2, moved=2)
    for row in (first, second, third):
        row.refresh_from_db()
    with process(B):
        assert first.data["used_mask"] == 5
        assert sealed_box.open(first.data["seed"], factor_seals.PURPOSE) == b"seed"
        codes = [sealed_box.open(text, factor_seals.PURPOSE) for text in second.data["migrated_codes"]]
        assert codes == [b"code 1", b"code 2"]
        assert third.data == {"credential": {"id": "x"}}
