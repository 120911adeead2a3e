"""Production apart from the rest: who is served, and whose paths may not lie within whose."""

from typing import Any

import pytest

from identities.errors import Conflict, Invalid
from identities.lifecycle import services as lifecycle
from identities.people.models import Tenant
from identities.vaults import services as vaults
from identities.vaults.models import VaultConnection
from identities.vaults.references import SecretReference
from tests.factories import people, vaults as factory

URI = "https://vault.example.com"
REFERENCE = SecretReference("hashicorp-vault", URI, "payroll")
pytestmark = pytest.mark.django_db


def connected(tenant: Tenant, environment: str, prefix: str = "", **settings: Any) -> VaultConnection:
    given = {"token": "x", "prefix": prefix} | settings
    return factory.connection(of=tenant, provider="hashicorp-vault", uri=URI, environment=environment, settings=given)


def test_a_connection_for_every_environment_does_not_serve_production(tenant: Tenant) -> None:
    row = connected(tenant, "")
    assert vaults.check_reference(REFERENCE, tenant.pk, "staging") == row
    with pytest.raises(Invalid, match="lies under a connection for production; this one serves every environment"):
        vaults.check_reference(REFERENCE, tenant.pk, "production")


def test_an_own_local_vault_is_no_exception(tenant: Tenant) -> None:
    factory.connection(of=tenant, uri="local://own")
    with pytest.raises(Invalid, match="connection for production"):
        vaults.check_reference(SecretReference("local", "local://own", "payroll"), tenant.pk, "production")


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [("", ""), ("", "steward/production"), ("steward", "steward/production"), ("a/b", "a"), ("a/b", "A/b")],
)
@pytest.mark.parametrize("other", ["", "development"])
def test_paths_that_reach_into_production_are_refused(tenant: Tenant, mine: str, theirs: str, other: str) -> None:
    connected(tenant, other, mine)
    with pytest.raises(Conflict) as conflict:
        connected(tenant, "production", theirs)
    assert conflict.value.code == "vault_paths_overlap"


@pytest.mark.parametrize(
    ("mine", "theirs"), [("steward/dev", "steward/production"), ("steward/prod", "steward/production")]
)
def test_paths_beside_each_other_are_fine(tenant: Tenant, mine: str, theirs: str) -> None:
    connected(tenant, "development", mine)
    assert connected(tenant, "production", theirs).has_credential


def test_another_mount_or_tenant_is_another_place(tenant: Tenant) -> None:
    connected(tenant, "development")
    assert connected(tenant, "production", mount="production").has_credential
    assert connected(people.tenant(), "production").has_credential


def test_a_change_may_not_bring_them_together_either(tenant: Tenant) -> None:
    connected(tenant, "production", "a")
    row = connected(tenant, "staging", "b")
    with pytest.raises(Conflict):
        vaults.change_connection(row, settings={"prefix": "a/b"}, credential="x", actor=factory.SYSTEM)
    row.refresh_from_db()
    assert row.settings["prefix"] == "b"


def test_two_that_are_not_for_production_may_share(tenant: Tenant) -> None:
    connected(tenant, "development")
    assert connected(tenant, "staging").has_credential


def test_a_secret_of_production_is_put_into_no_other_connection(tenant: Tenant) -> None:
    """Nothing is made, neither with a new identity nor for one that is there."""
    factory.connection(of=tenant, uri="local://tests", environment="staging")
    place = SecretReference("local", "local://tests", "payroll")
    facts = {"name": "payer", "environment": "production", "purpose": "pays"}
    with pytest.raises(Invalid) as refused:
        lifecycle.onboard(tenant_id=tenant.pk, facts=facts, actor=factory.SYSTEM, store_secret_at=place)
    assert list(refused.value.errors) == ["store_secret_at.vault_uri"]
    assert not tenant.identities.exists()
    identity = lifecycle.onboard(tenant_id=tenant.pk, facts=facts, actor=factory.SYSTEM).identity
    with pytest.raises(Invalid):
        lifecycle.issue_secret(identity, actor=factory.SYSTEM, store_at=place)
    assert not identity.secrets.exists()
