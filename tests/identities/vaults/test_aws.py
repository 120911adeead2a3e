"""AWS Secrets Manager against moto's HTTP server: staging labels, members of JSON, and each refusal with its name."""

import socket
from typing import Any

import pytest

from identities.errors import Invalid
from identities.people.models import Tenant
from identities.vaults import aws_failures, aws_versions, failures, landing, providers, services as vaults
from identities.vaults.base import Ended, Vault
from identities.vaults.references import SecretReference
from identities.vaults.secret_text import SecretText
from tests.factories import moto_server, vaults as factory
from tests.factories.vault_servers import aws_settings

REAL = "https://secretsmanager.eu-central-1.amazonaws.com"
VALUE = SecretText("swordfish-77")
pytestmark = pytest.mark.django_db


def opened(tenant: Tenant, uri: str, *, may: bool = True, **settings: Any) -> Vault:
    given = aws_settings(tenant) | settings
    row = factory.connection(of=tenant, provider="aws-secrets-manager", uri=uri, settings=given, may_use_deployment=may)
    return providers.opened(row)


def named(vault: Vault, name: str = "payroll", version: str | None = None) -> SecretReference:
    return SecretReference("aws-secrets-manager", vault.connection.vault_uri, name, version)


def test_the_labels_move_from_version_to_version(moto: str, tenant: Tenant) -> None:
    vault = opened(tenant, moto)
    first, second = [vault.write(named(vault), SecretText(text), tenant.pk) for text in ("first", "second")]
    labels = {one.name: one.labels for one in vault.versions(named(vault), tenant.pk)}
    assert labels == {second: ("AWSCURRENT",), first: ("AWSPREVIOUS",)}
    third = vault.write(named(vault), VALUE, tenant.pk)
    labels = {one.name: one.labels for one in vault.versions(named(vault), tenant.pk)}
    assert labels == {third: ("AWSCURRENT",), second: ("AWSPREVIOUS",), first: ()}
    with pytest.raises(failures.SecretNotFound, match="no longer in use"):
        vault.read(named(vault, version=first), tenant.pk)


def test_a_write_in_between_is_a_conflict_and_leaves_nothing_pending(
    moto: str, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = opened(tenant, moto)
    vault.write(named(vault), SecretText("first"), tenant.pk)
    promote = aws_versions.promote

    def overtaken(client: Any, name: str, made: str, before: str) -> None:
        monkeypatch.setattr(aws_versions, "promote", promote)
        vault.write(named(vault), SecretText("somebody else's"), tenant.pk)
        promote(client, name, made, before)

    monkeypatch.setattr(aws_versions, "promote", overtaken)
    with pytest.raises(failures.VersionConflict, match="in between"):
        vault.write(named(vault), VALUE, tenant.pk)
    assert vault.read(named(vault), tenant.pk).reveal() == "somebody else's"
    assert not [one for one in vault.versions(named(vault), tenant.pk) if "AWSPENDING" in one.labels]


def test_the_current_version_is_kept_and_an_older_one_released(moto: str, tenant: Tenant) -> None:
    vault = opened(tenant, moto)
    first, second = [vault.write(named(vault), SecretText(text), tenant.pk) for text in ("first", "second")]
    with pytest.raises(failures.VersionKept):
        vault.destroy(named(vault, version=second), tenant.pk)
    assert vault.destroy(named(vault, version=first), tenant.pk) is Ended.RELEASED


def test_a_member_of_a_json_secret_is_read_and_written_and_the_others_stay(moto: str, tenant: Tenant) -> None:
    vault = opened(tenant, moto)
    vault.write(named(vault), SecretText('{"username": "bot", "port": 5432}'), tenant.pk)
    vault.write(named(vault, "payroll#password"), VALUE, tenant.pk)
    assert vault.read(named(vault, "payroll#password"), tenant.pk) == VALUE
    assert vault.read(named(vault, "payroll#username"), tenant.pk).reveal() == "bot"
    for name in ("payroll#port", "payroll#absent"):
        with pytest.raises(failures.FieldNotFound):
            vault.read(named(vault, name), tenant.pk)
    vault.write(named(vault, "plain"), VALUE, tenant.pk)
    with pytest.raises(failures.FieldNotFound, match="no JSON object"):
        vault.read(named(vault, "plain#password"), tenant.pk)


def test_a_key_nobody_knows_is_not_taken_for_a_missing_right(tenant: Tenant) -> None:
    if why := moto_server.absent():
        pytest.skip(why)
    with moto_server.running_moto(checks_keys=True) as uri:
        vault = opened(tenant, uri)
        found = vaults.examine(vault.connection)
    assert (found.failed, found.code) == ("authentication", "vault_unauthenticated")


@pytest.mark.parametrize(
    ("code", "message", "status", "expected"),
    [
        ("ResourceNotFoundException", "", 400, "secret_not_found"),
        ("ResourceExistsException", "", 400, "secret_version_conflict"),
        ("AccessDeniedException", "", 400, "vault_denied"),
        ("DecryptionFailure", "", 400, "vault_denied"),
        ("UnrecognizedClientException", "", 400, "vault_unauthenticated"),
        ("InvalidSignatureException", "it does not match", 403, "vault_unauthenticated"),
        ("InvalidSignatureException", "Signature expired: 20260101 is now earlier", 403, "vault_clock_skew"),
        ("RequestTimeTooSkewed", "", 403, "vault_clock_skew"),
        ("ThrottlingException", "", 400, "vault_throttled"),
        ("Anything", "", 429, "vault_throttled"),
        ("InvalidRequestException", "it was marked for deletion", 400, "secret_being_deleted"),
        ("InvalidRequestException", "something else", 400, "vault_failed"),
        ("ServiceUnavailable", "", 503, "vault_unreachable"),
        ("InternalServiceError", "", 500, "vault_failed"),
        ("", "", 0, "vault_failed"),
    ],
)
def test_each_refusal_of_amazon_has_a_name(code: str, message: str, status: int, expected: str) -> None:
    told = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    assert aws_failures.named(told).code == expected


def test_a_name_that_leads_inside_is_not_called(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    told = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 443))]
    monkeypatch.setattr(landing.socket, "getaddrinfo", lambda *_args, **_facts: told)
    vault = opened(tenant, REAL, may=False, region="")
    with pytest.raises(failures.VaultAddressRefused):
        vault.read(named(vault), tenant.pk)


def test_nobody_there_and_silence_have_names(tenant: Tenant) -> None:
    vault = opened(tenant, f"http://127.0.0.1:{factory.free_port()}")
    with pytest.raises(failures.VaultUnreachable):
        vault.read(named(vault), tenant.pk)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        vault = opened(tenant, f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=1)
        with pytest.raises(failures.VaultTimedOut):
            vault.write(named(vault), VALUE, tenant.pk)


@pytest.mark.parametrize(
    ("uri", "settings", "member"),
    [
        ("https://10.0.0.1", {}, "vault_uri"),
        ("http://secretsmanager.eu-central-1.amazonaws.com", {}, "vault_uri"),
        (f"{REAL}/path", {}, "vault_uri"),
        ("https://vault.example.com", {"region": ""}, "settings"),
        (REAL, {"region": "eu central"}, "settings"),
        (REAL, {"accessKeyId": ""}, "settings"),
        (REAL, {"secretAccessKey": ""}, "settings"),
        (REAL, {"tokenEnv": "STEWARD_VAULT_X"}, "settings"),
        (REAL, {"tokenEnv": "STEWARD_VAULT_X", "secretAccessKey": ""}, "settings"),
        (REAL, {"privateNetwork": True}, "settings"),
        (REAL, {"prefix": "../up"}, "settings"),
    ],
)
def test_a_connection_that_does_not_fit_is_refused(
    tenant: Tenant, uri: str, settings: dict[str, Any], member: str
) -> None:
    with pytest.raises(Invalid) as invalid:
        opened(tenant, uri, may=False, **settings)
    assert list(invalid.value.errors) == [member]


def test_the_secret_key_is_sealed_and_does_not_follow_to_another_key_id(tenant: Tenant) -> None:
    row = opened(tenant, REAL, may=False, region="").connection
    assert moto_server.SECRET_KEY not in f"{row.settings} {row.sealed_credential}"
    changed = row.settings | {"accessKeyId": "AKIAIOSFODNN8EXAMPLE"}
    with pytest.raises(Invalid, match="secretAccessKey: must be given again for another accessKeyId"):
        vaults.change_connection(row, settings=changed, actor=factory.SYSTEM)
