"""Google Secret Manager against a stub of ours: the key, the token, and each refusal with its name."""

import json
from typing import Any

import pytest

from identities.errors import Invalid
from identities.people.models import Tenant
from identities.vaults import failures, gcp as gcp_module, providers, services as vaults
from identities.vaults.base import Vault
from identities.vaults.references import SecretReference
from identities.vaults.secret_text import SecretText
from tests.factories import vaults as factory
from tests.factories.gcp_stub import GcpStub

REAL = "https://secretmanager.googleapis.com/projects/acme"
VALUE = SecretText("swordfish-77")
pytestmark = pytest.mark.django_db


def opened(stub: GcpStub, tenant: Tenant, **settings: Any) -> Vault:
    given = {"serviceAccountKey": stub.key_file(), "prefix": "steward"} | settings
    row = factory.connection(
        of=tenant, provider="gcp-secret-manager", uri=stub.place, settings=given, may_use_deployment=True
    )
    return providers.opened(row)


def named(vault: Vault, name: str = "team/payroll_bot", version: str | None = None) -> SecretReference:
    return SecretReference("gcp-secret-manager", vault.connection.vault_uri, name, version)


def refused(vault: Vault, tenant: Tenant) -> failures.VaultError:
    with pytest.raises(failures.VaultError) as caught:
        vault.read(named(vault), tenant.pk)
    assert "PRIVATE KEY" not in f"{caught.value!r} {vars(caught.value)}"
    assert caught.value.__cause__ is None
    return caught.value


def test_a_path_is_one_name_at_google(gcp: GcpStub, tenant: Tenant) -> None:
    vault = opened(gcp, tenant)
    vault.write(named(vault), VALUE, tenant.pk)
    assert list(gcp.secrets) == ["steward--team--payroll_bot"]


def test_of_the_key_file_only_what_is_needed_is_kept_and_sealed(gcp: GcpStub, tenant: Tenant) -> None:
    row = opened(gcp, tenant).connection
    assert "PRIVATE" not in str(row.settings) + row.sealed_credential


def test_a_key_of_somebody_else_is_not_accepted(gcp: GcpStub, tenant: Tenant) -> None:
    vault = opened(gcp, tenant, serviceAccountKey=gcp.key_file(client_email="other@acme.example.com"))
    assert refused(vault, tenant).code == "vault_unauthenticated"


def test_a_wrong_clock_is_told_from_a_wrong_key(gcp: GcpStub, tenant: Tenant) -> None:
    gcp.offset = 3600
    vault = opened(gcp, tenant)
    assert refused(vault, tenant).code == "vault_clock_skew"
    assert vaults.examine(vault.connection).failed == "clock"


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (400, {"error": {"status": "FAILED_PRECONDITION"}}, "secret_not_found"),
        (400, {"error": {"status": "INVALID_ARGUMENT"}}, "vault_failed"),
        (401, {"error": {"status": "UNAUTHENTICATED"}}, "vault_unauthenticated"),
        (403, {"error": {"status": "PERMISSION_DENIED"}}, "vault_denied"),
        (404, {"error": "text"}, "secret_not_found"),
        (429, {}, "vault_throttled"),
        (500, {}, "vault_failed"),
        (503, {}, "vault_unreachable"),
        (200, {"payload": {}}, "vault_failed"),
        (200, {"payload": {"data": "%%%"}}, "secret_field_not_found"),
        (200, {"payload": {"data": "/w=="}}, "secret_field_not_found"),
        (200, [], "vault_failed"),
    ],
)
def test_each_refusal_has_a_name(gcp: GcpStub, tenant: Tenant, status: int, body: Any, code: str) -> None:
    gcp.instead["GET /v1/"] = (status, body, {})
    assert refused(opened(gcp, tenant), tenant).code == code


def test_a_missing_right_is_named_with_the_name_that_was_tried(gcp: GcpStub, tenant: Tenant) -> None:
    gcp.instead["GET /v1/"] = (403, {}, {})
    found = vaults.examine(opened(gcp, tenant).connection)
    assert (found.failed, "'steward--steward-probe'" in found.message) == ("permission", True)


def test_a_write_in_between_shows_and_what_they_wrote_stands(
    gcp: GcpStub, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = opened(gcp, tenant)
    first = vault.write(named(vault), SecretText("first"), tenant.pk)
    looked = gcp_module._Asking.versions

    def overtaken(self: Any, name: str) -> Any:
        found = looked(self, name)
        gcp.secrets[name].append({"state": "ENABLED", "data": "dGhlaXJz", "at": 0})
        return found

    monkeypatch.setattr(gcp_module._Asking, "versions", overtaken)
    with pytest.raises(failures.VersionConflict, match="in between"):
        vault.write(named(vault), VALUE, tenant.pk, expected_version=first)
    assert vault.read(named(vault, version="2"), tenant.pk).reveal() == "theirs"
    assert [one["state"] for one in gcp.secrets["steward--team--payroll_bot"]] == ["ENABLED", "ENABLED", "DESTROYED"]


@pytest.mark.parametrize(
    ("uri", "changed", "member"),
    [
        ("https://secretmanager.googleapis.com", {}, "vault_uri"),
        ("https://secretmanager.googleapis.com/projects/a/../b", {}, "vault_uri"),
        (REAL.replace("https", "http"), {}, "vault_uri"),
        ("https://10.0.0.1/projects/acme", {}, "vault_uri"),
        (REAL, {"type": "authorized_user"}, "settings"),
        (REAL, {"private_key": "no key"}, "settings"),
        (REAL, {"token_uri": "http://oauth2.googleapis.com/token"}, "settings"),
        (REAL, None, "settings"),
    ],
)
def test_a_connection_that_does_not_fit_is_refused(
    gcp: GcpStub, tenant: Tenant, uri: str, changed: dict[str, str] | None, member: str
) -> None:
    key = "not json" if changed is None else gcp.key_file(**changed)
    with pytest.raises(Invalid) as invalid:
        factory.connection(of=tenant, provider="gcp-secret-manager", uri=uri, settings={"serviceAccountKey": key})
    assert list(invalid.value.errors) == [member]
    assert json.dumps(key)[1:-1] not in str(invalid.value.errors)


def test_a_regional_project_is_another_place(gcp: GcpStub, tenant: Tenant) -> None:
    settings = {"serviceAccountKey": gcp.key_file()}
    row = factory.connection(
        of=tenant, provider="gcp-secret-manager", uri=f"{REAL}/locations/europe-west3", settings=settings
    )
    assert row.has_credential
