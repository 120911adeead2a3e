"""Going through the vaults that are registered: default is deny, and no value is left behind."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection as database

from audit.models import AuditEvent
from identities.errors import Invalid
from identities.people.models import Tenant
from identities.vaults import failures, providers, selectors, services as vaults
from identities.vaults.models import LocalSecret, VaultConnection
from identities.vaults.references import SecretReference
from tests.factories import people, vaults as factory
from tests.factories.vaults import SYSTEM

DEFAULT = "local://default"
CANARY = "canary-91ab-value"
VAULT = "https://vault.example.com:8200"

pytestmark = pytest.mark.django_db


def local(name: str = "payroll", uri: str = DEFAULT, version: str | None = None) -> SecretReference:
    return SecretReference("local", uri, name, version)


def remote(tenant: Tenant, **facts: Any) -> VaultConnection:
    facts = {"settings": {"token": "first-token"}} | facts
    return factory.connection(of=tenant, provider="hashicorp-vault", uri=VAULT, **facts)


def last_event() -> AuditEvent:
    return AuditEvent.objects.latest("id")


# Checking a reference.


@pytest.mark.parametrize(
    ("reference", "member"),
    [
        (SecretReference("carrier-pigeon", DEFAULT, "payroll"), "provider"),
        (SecretReference("local", "local://unheard-of", "payroll"), "vault_uri"),
        (SecretReference("hashicorp-vault", VAULT, "payroll"), "vault_uri"),
        (SecretReference("hashicorp-vault", DEFAULT, "payroll"), "vault_uri"),
        (SecretReference("local", "local://default/../other", "payroll"), "vault_uri"),
        (SecretReference("local", "local://user:pass@default", "payroll"), "vault_uri"),
        (SecretReference("local", "nonsense", "payroll"), "vault_uri"),
        (SecretReference("local", DEFAULT, "../payroll"), "secret_name"),
        (SecretReference("local", DEFAULT, "payroll", "latest"), "version"),
    ],
)
def test_a_reference_that_stands_for_nothing_registered_is_refused(
    tenant: Tenant, reference: SecretReference, member: str
) -> None:
    with pytest.raises(Invalid) as invalid:
        vaults.check_reference(reference, tenant.pk, "production")
    assert list(invalid.value.errors) == [member]


@pytest.mark.parametrize(
    ("provider", "library", "extra"), [("aws-secrets-manager", "boto3", "aws"), ("hashicorp-vault", "hvac", "vault")]
)
def test_a_known_provider_without_its_library_names_the_extra(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch, provider: str, library: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    assert provider not in providers.installed()
    with pytest.raises(failures.ProviderNotInstalled) as refused:
        vaults.check_reference(SecretReference(provider, "https://v.example.com", "x"), tenant.pk, "production")
    assert refused.value.errors == {"provider": [f"provider not installed: pip install 'steward[{extra}]'"]}
    assert refused.value.code == "provider_not_installed"


def test_no_library_of_a_cloud_is_loaded_before_it_is_used() -> None:
    told = "print([name for name in ('boto3', 'botocore', 'hvac') if name in sys.modules])"
    start = f"import django, sys; django.setup(); from identities.vaults import providers; providers._all(); {told}"
    environment = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "tests.settings"}
    ran = subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, check=True, env=environment)
    assert ran.stdout.strip().endswith("[]")


@pytest.mark.parametrize("provider", ["azure-key-vault", "gcp-secret-manager"])
def test_a_provider_that_needs_no_library_is_always_there(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "find_spec", lambda _library: None)
    assert provider in providers.installed()


def test_a_vault_whose_library_went_away_says_so(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    remote(tenant)
    monkeypatch.setattr(providers, "find_spec", lambda _library: None)
    with pytest.raises(failures.ProviderNotInstalled, match="provider not installed"):
        vaults.check_reference(SecretReference("hashicorp-vault", VAULT, "x"), tenant.pk)


def test_another_tenants_connection_looks_like_none(tenant: Tenant) -> None:
    remote(people.tenant())
    with pytest.raises(Invalid, match="no vault connection is registered"):
        vaults.check_reference(SecretReference("hashicorp-vault", VAULT, "x"), tenant.pk)


def test_another_spelling_of_the_address_is_the_same_vault(tenant: Tenant) -> None:
    row = remote(tenant)
    spelled = SecretReference("hashicorp-vault", "HTTPS://Vault.Example.com:8200/", "x")
    assert vaults.check_reference(spelled, tenant.pk) == row


def test_a_connection_serves_only_its_environment(tenant: Tenant) -> None:
    remote(tenant, environment="production")
    reference = SecretReference("hashicorp-vault", VAULT, "x")
    assert vaults.check_reference(reference, tenant.pk, "production").environment == "production"
    with pytest.raises(Invalid, match="serves production, not staging") as invalid:
        vaults.check_reference(reference, tenant.pk, "staging")
    assert list(invalid.value.errors) == ["vault_uri"]


def test_of_several_connections_the_one_for_the_environment_is_taken(tenant: Tenant) -> None:
    production = remote(tenant, environment="production", settings={"token": "x", "prefix": "production"})
    staging = remote(tenant, environment="staging", settings={"token": "x", "prefix": "staging"})
    reference = SecretReference("hashicorp-vault", VAULT, "x")
    assert vaults.check_reference(reference, tenant.pk, "production") == production
    assert vaults.check_reference(reference, tenant.pk, "staging") == staging
    with pytest.raises(Invalid, match="name the environment"):
        vaults.check_reference(reference, tenant.pk)


@pytest.mark.parametrize("environment", ["production", "staging", "development", "sandbox"])
def test_the_default_vault_is_there_and_serves_every_environment(tenant: Tenant, environment: str) -> None:
    assert vaults.check_reference(local(), tenant.pk, environment).tenant_id is None


def test_the_default_vault_is_made_again_if_it_is_gone(tenant: Tenant) -> None:
    VaultConnection.objects.all().delete()
    assert vaults.check_reference(local(), tenant.pk, "production").vault_uri == DEFAULT
    assert vaults.ensure_default() == vaults.ensure_default()


# Reading and writing.


def test_two_tenants_keep_different_values_under_one_name(tenant: Tenant) -> None:
    other = people.tenant()
    vaults.write_secret(local(), "mine", tenant_id=tenant.pk, actor=SYSTEM)
    vaults.write_secret(local(), "theirs", tenant_id=other.pk, actor=SYSTEM)
    assert vaults.read_secret(local(), tenant.pk, actor=SYSTEM).reveal() == "mine"
    assert vaults.read_secret(local(), other.pk, actor=SYSTEM).reveal() == "theirs"


def test_a_write_is_recorded_without_its_value(tenant: Tenant) -> None:
    vaults.write_secret(local(), CANARY, tenant_id=tenant.pk, environment="production", actor=SYSTEM)
    event = last_event()
    assert (event.type, event.outcome, event.tenant_id) == ("vault.secret_written", "success", tenant.pk)
    assert event.details == {"secret_name": "payroll", "version": "1"}


def test_a_failed_write_is_recorded_too(tenant: Tenant) -> None:
    with pytest.raises(failures.VersionConflict):
        vaults.write_secret(local(), CANARY, tenant_id=tenant.pk, expected_version="3", actor=SYSTEM)
    event = last_event()
    assert (event.type, event.outcome) == ("vault.secret_written", "failure")
    assert event.details["code"] == "secret_version_conflict"


def test_the_value_is_nowhere_in_the_database_or_the_log(tenant: Tenant, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        vaults.write_secret(local(), CANARY, tenant_id=tenant.pk, actor=SYSTEM)
        vaults.read_secret(local(), tenant.pk, actor=SYSTEM)
    with database.cursor() as cursor:
        dumped = []
        for table in database.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            dumped.append(str(cursor.fetchall()))
    assert CANARY not in "".join(dumped) + caplog.text


def test_a_tenant_sees_its_own_connections_and_the_common_one(tenant: Tenant) -> None:
    mine, _ = factory.connection(of=tenant), factory.connection(of=people.tenant())
    assert set(selectors.connections([tenant.pk])) == {mine, vaults.ensure_default()}
    assert selectors.connections(None).count() == 3


def test_checking_a_reference_costs_one_query(tenant: Tenant, django_assert_num_queries: Callable[[int], Any]) -> None:
    with django_assert_num_queries(1):
        vaults.check_reference(local(), tenant.pk, "production")


def test_reading_a_local_secret_costs_two(tenant: Tenant, django_assert_num_queries: Callable[[int], Any]) -> None:
    vaults.write_secret(local(), "x", tenant_id=tenant.pk, actor=SYSTEM)
    with django_assert_num_queries(2):
        vaults.read_secret(local(), tenant.pk, "production", actor=SYSTEM)
    assert LocalSecret.objects.count() == 1
