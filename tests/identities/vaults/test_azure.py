"""Azure Key Vault against a stub of ours: the challenge, the token, and each refusal with its name."""

from typing import Any

import pytest

from identities.errors import Invalid
from identities.people.models import Tenant
from identities.vaults import failures, providers, services as vaults
from identities.vaults.base import Ended, Vault
from identities.vaults.references import SecretReference
from identities.vaults.secret_text import SecretText
from tests.factories import azure_stub, vaults as factory
from tests.factories.azure_stub import AzureStub
from tests.factories.vault_servers import azure_settings

REAL = "https://acme.vault.azure.net"
VALUE = SecretText("swordfish-77")
pytestmark = pytest.mark.django_db


def opened(stub: AzureStub, tenant: Tenant, **settings: Any) -> Vault:
    given = azure_settings(stub, tenant) | {"prefix": "steward"} | settings
    row = factory.connection(
        of=tenant, provider="azure-key-vault", uri=stub.uri, settings=given, may_use_deployment=True
    )
    return providers.opened(row)


def named(vault: Vault, name: str = "team/payroll", version: str | None = None) -> SecretReference:
    return SecretReference("azure-key-vault", vault.connection.vault_uri, name, version)


def refused(vault: Vault, tenant: Tenant) -> failures.VaultError:
    with pytest.raises(failures.VaultError) as caught:
        vault.read(named(vault), tenant.pk)
    assert azure_stub.CLIENT_SECRET not in f"{caught.value!r} {vars(caught.value)}"
    assert caught.value.__cause__ is None
    return caught.value


def test_nothing_but_the_question_goes_out_before_the_challenge(azure: AzureStub, tenant: Tenant) -> None:
    vault = opened(azure, tenant)
    vault.write(named(vault), VALUE, tenant.pk)
    first, sign_in, then = azure.asked
    assert (first.method, first.body, first.bearer) == ("PUT", {}, "")
    assert sign_in.path == f"/{azure_stub.DIRECTORY}/oauth2/v2.0/token"
    assert then.body == {"value": "swordfish-77"}
    assert list(azure.secrets) == ["steward--team--payroll"]


@pytest.mark.parametrize(
    "resource", ["https://vault.azure.net", "http://127.0.0.1", "https://0.0.1.evil", "", "https://"]
)
def test_a_token_for_somebody_else_is_not_fetched(azure: AzureStub, tenant: Tenant, resource: str) -> None:
    azure.resource = resource
    error = refused(opened(azure, tenant), tenant)
    assert (error.code, len(azure.asked)) == ("vault_failed", 1)


def test_a_vault_of_another_directory_says_so(azure: AzureStub, tenant: Tenant) -> None:
    azure.directory = "11111111-2222-3333-4444-555555555555"
    error = refused(opened(azure, tenant), tenant)
    assert (error.code, "another directory" in error.message) == ("vault_unauthenticated", True)


def test_the_secret_goes_to_the_connections_authority_whatever_the_challenge_says(
    azure: AzureStub, tenant: Tenant
) -> None:
    azure.directory = "common"
    vault = opened(azure, tenant)
    vault.write(named(vault), VALUE, tenant.pk)
    assert azure.asked[1].path.startswith(f"/{azure_stub.DIRECTORY}/")


def test_a_wrong_client_secret_is_named(azure: AzureStub, tenant: Tenant) -> None:
    vault = opened(azure, tenant, clientSecret="wrong")
    assert refused(vault, tenant).code == "vault_unauthenticated"
    assert vaults.examine(vault.connection).failed == "authentication"


@pytest.mark.parametrize(
    ("status", "body", "headers", "code"),
    [
        (401, {}, {"WWW-Authenticate": 'Bearer error="invalid_token"'}, "vault_unauthenticated"),
        (401, {}, {"WWW-Authenticate": 'Bearer error_description="The token is not yet valid"'}, "vault_clock_skew"),
        (403, {"error": {"code": "Forbidden"}}, {}, "vault_denied"),
        (403, {"error": {"code": "Forbidden", "innererror": {"code": "SecretDisabled"}}}, {}, "secret_not_found"),
        (404, {}, {}, "secret_not_found"),
        (429, {}, {}, "vault_throttled"),
        (500, {}, {}, "vault_failed"),
        (503, {}, {}, "vault_unreachable"),
        (302, {}, {"Location": "https://elsewhere.example.com"}, "vault_failed"),
        (200, {"value": 7}, {}, "vault_failed"),
        (200, [], {}, "vault_failed"),
    ],
)
def test_each_refusal_has_a_name(
    azure: AzureStub, tenant: Tenant, status: int, body: Any, headers: dict[str, str], code: str
) -> None:
    azure.instead["GET /secrets/"] = (status, body, headers)
    assert refused(opened(azure, tenant), tenant).code == code


def test_a_missing_right_is_named_with_the_name_that_was_tried(azure: AzureStub, tenant: Tenant) -> None:
    azure.instead["GET /secrets/"] = (403, {}, {})
    found = vaults.examine(opened(azure, tenant).connection)
    assert (found.failed, "'steward--steward-probe'" in found.message) == ("permission", True)


def test_a_version_is_switched_off_and_a_secret_may_stay_in_the_bin(azure: AzureStub, tenant: Tenant) -> None:
    vault = opened(azure, tenant)
    first, second = [vault.write(named(vault), SecretText(text), tenant.pk) for text in ("first", "second")]
    assert vault.destroy(named(vault, version=second), tenant.pk) is Ended.DISABLED
    with pytest.raises(failures.SecretNotFound, match="switched off"):
        vault.read(named(vault), tenant.pk)
    assert vault.read(named(vault, version=first), tenant.pk).reveal() == "first"
    azure.keeps_bin = True
    assert vault.destroy(named(vault), tenant.pk) is Ended.DISABLED
    with pytest.raises(failures.SecretBeingDeleted):
        vault.write(named(vault), VALUE, tenant.pk)


def test_a_write_knows_the_newest_version_though_it_is_switched_off(azure: AzureStub, tenant: Tenant) -> None:
    vault = opened(azure, tenant)
    first = vault.write(named(vault), SecretText("first"), tenant.pk)
    vault.destroy(named(vault, version=first), tenant.pk)
    with pytest.raises(failures.VersionConflict):
        vault.write(named(vault), VALUE, tenant.pk, expected_version="0")
    assert vault.write(named(vault), VALUE, tenant.pk, expected_version=first)


@pytest.mark.parametrize(
    ("uri", "settings", "member"),
    [
        ("https://10.0.0.1", {}, "vault_uri"),
        ("http://acme.vault.azure.net", {}, "vault_uri"),
        (f"{REAL}/secrets", {}, "vault_uri"),
        (REAL, {"directory": ""}, "settings"),
        (REAL, {"directory": "a/../b"}, "settings"),
        (REAL, {"clientId": ""}, "settings"),
        (REAL, {"clientSecret": ""}, "settings"),
        (REAL, {"authority": "http://login.microsoftonline.com"}, "settings"),
        (REAL, {"authority": "https://10.0.0.1"}, "settings"),
        (REAL, {"authority": "https://user@login.microsoftonline.com"}, "settings"),
        (REAL, {"prefix": "two--dashes"}, "settings"),
        (REAL, {"prefix": "under_score"}, "settings"),
    ],
)
def test_a_connection_that_does_not_fit_is_refused(
    tenant: Tenant, uri: str, settings: dict[str, Any], member: str
) -> None:
    given = {"directory": azure_stub.DIRECTORY, "clientId": azure_stub.CLIENT_ID, "clientSecret": "x"} | settings
    with pytest.raises(Invalid) as invalid:
        factory.connection(of=tenant, provider="azure-key-vault", uri=uri, settings=given)
    assert list(invalid.value.errors) == [member]


@pytest.mark.parametrize("name", ["a--b", "-a", "a-", "a_b", "a.b", "a" * 120])
def test_a_name_that_could_be_two_is_refused(azure: AzureStub, tenant: Tenant, name: str) -> None:
    vault = opened(azure, tenant)
    with pytest.raises(failures.VaultPathRefused):
        vault.read(named(vault, name), tenant.pk)
    assert not azure.asked
