"""Signing in with AppRole and with a Kubernetes service account, against a real OpenBao server."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from identities.errors import Invalid
from identities.people.models import Tenant
from identities.vaults import failures, hashicorp_settings, providers, services as vaults
from identities.vaults.base import Vault
from identities.vaults.references import SecretReference
from identities.vaults.remote import KUBERNETES_TOKEN_FILE
from identities.vaults.secret_text import SecretText
from tests.factories import kubernetes_stub, vaults as factory
from tests.factories.https_stub import certified

VALUE = SecretText("swordfish-77")
RULE = 'path "secret/*" { capabilities = ["create", "read", "update", "delete", "list"] }'
REMOTE = "https://vault.example.com"
pytestmark = pytest.mark.django_db


def opened(tenant: Tenant, uri: str, **settings: Any) -> Vault:
    given = {"prefix": str(tenant.pk)} | settings
    row = factory.connection(of=tenant, provider="hashicorp-vault", uri=uri, settings=given, may_use_deployment=True)
    return providers.opened(row)


def named(vault: Vault) -> SecretReference:
    return SecretReference("hashicorp-vault", vault.connection.vault_uri, "payroll")


@pytest.fixture(scope="module")
def approle(bao: factory.Bao) -> tuple[str, str]:
    """A role id and a secret id."""
    bao.call("PUT", "sys/policies/acl/steward-all", {"policy": RULE})
    bao.call("POST", "sys/auth/approle", {"type": "approle"})
    bao.call("POST", "auth/approle/role/steward", {"token_policies": ["steward-all"], "token_ttl": "1m"})
    role = bao.call("GET", "auth/approle/role/steward/role-id")["data"]["role_id"]
    return role, bao.call("POST", "auth/approle/role/steward/secret-id")["data"]["secret_id"]


@pytest.fixture(scope="module")
def kubernetes(bao: factory.Bao, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cluster (a stub) that the server asks whose a token is."""
    authority = certified(tmp_path_factory.mktemp("cluster"), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    with kubernetes_stub.reviewing() as cluster:
        bao.call("PUT", "sys/policies/acl/steward-all", {"policy": RULE})
        bao.call("POST", "sys/auth/cluster-one", {"type": "kubernetes"})
        config: dict[str, Any] = {"kubernetes_host": cluster, "disable_local_ca_jwt": True}
        config["kubernetes_ca_cert"] = Path(authority).read_text()  # it insists on one, though nothing is encrypted
        bao.call("POST", "auth/cluster-one/config", config)
        bound = {
            "bound_service_account_names": [kubernetes_stub.ACCOUNT],
            "bound_service_account_namespaces": [kubernetes_stub.NAMESPACE],
            "token_policies": ["steward-all"],
        }
        bao.call("POST", "auth/cluster-one/role/steward", bound)
        yield


def test_with_approle_it_is_the_same_vault(bao: factory.Bao, approle: tuple[str, str], tenant: Tenant) -> None:
    vault = opened(tenant, bao.uri, auth="approle", role=approle[0], token=approle[1])
    vault.write(named(vault), VALUE, tenant.pk)
    assert vault.read(named(vault), tenant.pk) == VALUE
    assert vaults.examine(vault.connection).failed == ""


def test_a_token_that_was_made_for_one_operation_ends_with_it(
    bao: factory.Bao, approle: tuple[str, str], tenant: Tenant
) -> None:
    vault = opened(tenant, bao.uri, auth="approle", role=approle[0], token=approle[1])
    before = len(_accessors(bao))
    vault.write(named(vault), VALUE, tenant.pk)
    assert len(_accessors(bao)) == before


def test_a_wrong_secret_id_is_not_taken_for_a_missing_right(
    bao: factory.Bao, approle: tuple[str, str], tenant: Tenant
) -> None:
    vault = opened(tenant, bao.uri, auth="approle", role=approle[0], token="wrong-secret-id")
    with pytest.raises(failures.VaultUnauthenticated) as refused:
        vault.read(named(vault), tenant.pk)
    assert "wrong-secret-id" not in f"{refused.value!r} {vars(refused.value)}"
    assert vaults.examine(vault.connection).failed == "authentication"


def test_with_a_service_account_it_is_the_same_vault(
    bao: factory.Bao, kubernetes: None, tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = opened(tenant, bao.uri, auth="kubernetes", authMount="cluster-one", role="steward")
    place = tmp_path / "token"
    monkeypatch.setenv(KUBERNETES_TOKEN_FILE, str(place))
    with pytest.raises(failures.CredentialAbsent, match="no service account token"):
        vault.read(named(vault), tenant.pk)
    place.write_text(kubernetes_stub.service_account_token())
    vault.write(named(vault), VALUE, tenant.pk)
    assert vault.read(named(vault), tenant.pk) == VALUE
    place.write_text(kubernetes_stub.service_account_token("stranger"))
    with pytest.raises(failures.VaultUnauthenticated):
        vault.read(named(vault), tenant.pk)


def test_only_a_platform_administrator_lends_the_service_account(tenant: Tenant) -> None:
    settings = {"auth": "kubernetes", "role": "steward"}
    with pytest.raises(Invalid, match="auth: only a platform administrator"):
        factory.connection(of=tenant, provider="hashicorp-vault", uri=REMOTE, settings=settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"auth": "approle", "token": "x"},
        {"auth": "kubernetes"},
        {"auth": "kubernetes", "role": "steward", "token": "x"},
        {"auth": "kubernetes", "role": "steward", "tokenEnv": "STEWARD_VAULT_X"},
        {"auth": "carrier-pigeon", "token": "x"},
        {"token": "x", "authMount": "../sys"},
        {"tokenEnv": KUBERNETES_TOKEN_FILE},
    ],
)
def test_a_way_in_that_does_not_fit_is_refused(tenant: Tenant, settings: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as invalid:
        opened(tenant, REMOTE, **settings)
    assert list(invalid.value.errors) == ["settings"]


def test_the_secret_id_does_not_follow_to_another_role(tenant: Tenant) -> None:
    settings = {"auth": "approle", "role": "one", "token": "x"}
    row = factory.connection(of=tenant, provider="hashicorp-vault", uri=REMOTE, settings=settings)
    with pytest.raises(Invalid, match="given again for another role"):
        vaults.change_connection(row, settings=row.settings | {"role": "two"}, actor=factory.SYSTEM)


def test_the_usual_place_of_a_service_accounts_token_is_kubernetes_own() -> None:
    assert hashicorp_settings.SERVICE_ACCOUNT == "/var/run/secrets/kubernetes.io/serviceaccount/token"


def _accessors(bao: factory.Bao) -> list[str]:
    return list(bao.call("LIST", "auth/token/accessors")["data"]["keys"])
