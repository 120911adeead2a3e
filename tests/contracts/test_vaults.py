"""What every secrets provider promises, asked of each one registered: a new file must join in here or fail.

AWS is moto's HTTP server, HashiCorp a real OpenBao; Azure and Google are HTTPS stubs of our own.
"""

from collections.abc import Callable

import pytest

from audit.models import AuditEvent
from identities.errors import Invalid
from identities.people.models import Tenant
from identities.vaults import providers, services as vaults
from identities.vaults.base import Ended, Vault
from identities.vaults.failures import SecretNotFound, VaultError, VaultPathRefused, VersionConflict
from identities.vaults.models import VaultConnection
from identities.vaults.references import KNOWN_PROVIDERS, SecretReference
from identities.vaults.secret_text import SecretText
from tests.factories import people, vaults as factory
from tests.factories.vault_servers import OPENERS

CANARY = "canary-7f3b91-value"

pytestmark = pytest.mark.django_db


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


def absent(version: str) -> str:
    """The name of a version as the vault makes them, of none that is there."""
    return str(int(version) + 1) if version.isdigit() and len(version) < 10 else version[::-1]


def test_every_provider_is_asked() -> None:
    assert set(OPENERS) >= set(providers.installed())


def test_every_provider_is_one_of_the_known_names() -> None:
    assert set(providers.installed()) <= set(KNOWN_PROVIDERS)


def test_a_vault_that_works_passes_the_probe(vault: Vault) -> None:
    vault.probe()


def test_a_missing_secret_is_named_and_not_found(vault: Vault, named: Named, tenant: Tenant) -> None:
    with pytest.raises(SecretNotFound) as refused:
        vault.read(named("nobody/here"), tenant.pk)
    assert refused.value.code == "secret_not_found"


def test_what_was_written_is_read_back(vault: Vault, named: Named, tenant: Tenant) -> None:
    version = vault.write(named(), SecretText(CANARY), tenant.pk)
    assert vault.read(named(), tenant.pk).reveal() == CANARY
    assert vault.read(named(version=version), tenant.pk).reveal() == CANARY


def test_the_newest_version_is_read_and_an_older_one_by_name(vault: Vault, named: Named, tenant: Tenant) -> None:
    first, second = [vault.write(named(), SecretText(text), tenant.pk) for text in ("first", "second")]
    assert vault.read(named(), tenant.pk).reveal() == "second"
    assert vault.read(named(version=first), tenant.pk).reveal() == "first"
    with pytest.raises(SecretNotFound):
        vault.read(named(version=absent(second)), tenant.pk)


def test_a_write_that_expects_another_version_changes_nothing(vault: Vault, named: Named, tenant: Tenant) -> None:
    first = vault.write(named(), SecretText("first"), tenant.pk, expected_version="0")
    for expected in ("0", absent(first), "nonsense"):
        with pytest.raises(VersionConflict):
            vault.write(named(), SecretText("lost"), tenant.pk, expected_version=expected)
    vault.write(named(), SecretText("second"), tenant.pk, expected_version=first)
    assert vault.read(named(), tenant.pk).reveal() == "second"


def test_the_version_to_expect_is_told_and_none_is_zero(vault: Vault, named: Named, tenant: Tenant) -> None:
    assert (vault.newest(named(), tenant.pk), vault.staged(named(), tenant.pk)) == ("0", "0")
    first = vault.write(named(), SecretText("first"), tenant.pk, expected_version="0")
    assert vault.newest(named(), tenant.pk) == vault.staged(named(), tenant.pk) == first
    vault.write(named(), SecretText("second"), tenant.pk, expected_version=vault.newest(named(), tenant.pk))
    assert vault.read(named(), tenant.pk).reveal() == "second"


def test_a_staged_value_is_read_by_its_version_and_in_use_once_promoted(
    vault: Vault, named: Named, tenant: Tenant
) -> None:
    before = vault.write(named(), SecretText("old"), tenant.pk)
    staged = vault.stage(named(), SecretText("new"), tenant.pk, expected_version=before)
    assert vault.staged(named(), tenant.pk) == staged
    assert vault.read(named(version=staged), tenant.pk).reveal() == "new"
    assert vault.read(named(), tenant.pk).reveal() == ("old" if vault.is_staging else "new")
    for _again in range(2):
        vault.promote(named(), staged, tenant.pk, expected_version=before)
        assert vault.read(named(), tenant.pk).reveal() == "new"
        assert vault.newest(named(), tenant.pk) == vault.staged(named(), tenant.pk) == staged
    assert vault.read(named(version=before), tenant.pk).reveal() == "old"


def test_a_first_value_of_all_is_staged_too(vault: Vault, named: Named, tenant: Tenant) -> None:
    staged = vault.stage(named(), SecretText("first"), tenant.pk, expected_version="0")
    vault.promote(named(), staged, tenant.pk)
    assert vault.read(named(), tenant.pk).reveal() == "first"


def test_a_stage_that_expects_another_version_changes_nothing(vault: Vault, named: Named, tenant: Tenant) -> None:
    first = vault.write(named(), SecretText("first"), tenant.pk)
    for expected in ("0", absent(first)):
        with pytest.raises(VersionConflict):
            vault.stage(named(), SecretText("lost"), tenant.pk, expected_version=expected)
    assert vault.staged(named(), tenant.pk) == first


def test_a_vault_with_staging_promotes_only_over_what_was_expected(vault: Vault, named: Named, tenant: Tenant) -> None:
    if not vault.is_staging:
        pytest.skip(f"in {vault.label} nothing waits")
    before = vault.write(named(), SecretText("old"), tenant.pk)
    staged = vault.stage(named(), SecretText("new"), tenant.pk, expected_version=before)
    vault.write(named(), SecretText("by hand"), tenant.pk)
    with pytest.raises(VaultError):
        vault.promote(named(), staged, tenant.pk, expected_version=before)
    assert vault.read(named(), tenant.pk).reveal() == "by hand"
    with pytest.raises(SecretNotFound):
        vault.promote(named(), absent(staged), tenant.pk)


def test_staging_again_waits_instead_of_the_first(vault: Vault, named: Named, tenant: Tenant) -> None:
    before = vault.write(named(), SecretText("old"), tenant.pk)
    first = vault.stage(named(), SecretText("first"), tenant.pk)
    second = vault.stage(named(), SecretText("second"), tenant.pk, expected_version=vault.newest(named(), tenant.pk))
    assert vault.staged(named(), tenant.pk) == second
    vault.promote(named(), second, tenant.pk)
    assert vault.read(named(), tenant.pk).reveal() == "second"
    assert len({before, first, second}) == 3


def test_versions_are_listed_the_newest_first(vault: Vault, named: Named, tenant: Tenant) -> None:
    with pytest.raises(SecretNotFound):
        vault.versions(named(), tenant.pk)
    written = [vault.write(named(), SecretText(text), tenant.pk) for text in ("first", "second")]
    told = vault.versions(named(), tenant.pk)
    assert [one.name for one in told] == written[::-1]
    assert all(one.is_readable and one.created_at is not None and one.created_at.tzinfo for one in told)


def test_many_versions_are_listed_page_by_page(vault: Vault, named: Named, tenant: Tenant) -> None:
    written = [vault.write(named(), SecretText(str(number)), tenant.pk) for number in range(5)]
    told = vault.versions(named(), tenant.pk)
    assert sorted(one.name for one in told) == sorted(written)
    assert told[0].name == written[-1]


def test_a_destroyed_version_is_read_no_more_and_the_others_are(vault: Vault, named: Named, tenant: Tenant) -> None:
    first, second = [vault.write(named(), SecretText(text), tenant.pk) for text in ("first", "second")]
    assert vault.destroy(named(version=first), tenant.pk) in Ended
    for ask in (vault.read, vault.destroy):
        with pytest.raises(SecretNotFound):
            ask(named(version=first), tenant.pk)
    assert vault.read(named(), tenant.pk).reveal() == "second"
    readable = [one.name for one in vault.versions(named(), tenant.pk) if one.is_readable]
    assert readable == [second]


def test_a_destroyed_secret_is_gone_with_all_its_versions(vault: Vault, named: Named, tenant: Tenant) -> None:
    written = [vault.write(named(), SecretText(text), tenant.pk) for text in ("first", "second")]
    assert vault.destroy(named(), tenant.pk) is Ended.DESTROYED
    for version in (None, *written):
        with pytest.raises(SecretNotFound):
            vault.read(named(version=version), tenant.pk)
    with pytest.raises(SecretNotFound):
        vault.destroy(named(), tenant.pk)


def test_what_is_not_there_is_not_destroyed(vault: Vault, named: Named, tenant: Tenant) -> None:
    with pytest.raises(SecretNotFound):
        vault.destroy(named("nobody/here"), tenant.pk)
    version = vault.write(named(), SecretText("first"), tenant.pk)
    with pytest.raises(SecretNotFound):
        vault.destroy(named(version=absent(version)), tenant.pk)


def test_two_names_that_look_alike_are_two_secrets(vault: Vault, named: Named, tenant: Tenant) -> None:
    vault.write(named("team/payroll"), SecretText("one"), tenant.pk)
    with pytest.raises(SecretNotFound):
        vault.read(named("team-payroll"), tenant.pk)


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


@pytest.mark.parametrize("version", ["0", "-1", "1.5", "latest", "1 ", "٣", "9999999999999", "x/../../y"])
def test_a_version_that_is_none_is_refused(vault: Vault, named: Named, tenant: Tenant, version: str) -> None:
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
    assert vaults.read_secret(named(), tenant.pk, actor=factory.SYSTEM).reveal() == CANARY
    assert [one.name for one in vaults.list_versions(named(), tenant.pk)] == [version]
    assert vaults.destroy_secret(named(), tenant_id=tenant.pk, actor=factory.SYSTEM) is Ended.DESTROYED
    assert AuditEvent.objects.latest("id").details == {
        "secret_name": "team/payroll-bot", "version": "all", "ended": "destroyed",
    }  # fmt: skip


def test_production_takes_only_a_connection_for_production(
    vault: Vault, connection: VaultConnection, named: Named, tenant: Tenant
) -> None:
    with pytest.raises(Invalid, match="under a connection for production"):
        vaults.read_secret(named(), tenant.pk, "production", actor=factory.SYSTEM)
    vaults.change_connection(connection, environment="production", may_use_deployment=True, actor=factory.SYSTEM)
    with pytest.raises(SecretNotFound):
        vaults.read_secret(named(), tenant.pk, "production", actor=factory.SYSTEM)
    with pytest.raises(Invalid, match="serves production, not staging"):
        vaults.read_secret(named(), tenant.pk, "staging", actor=factory.SYSTEM)


def test_settings_survive_the_way_out_and_in(vault: Vault, connection: VaultConnection) -> None:
    made = vault.Settings.from_json(connection.settings)
    assert made.as_json() == connection.settings
    assert vault.Settings.from_json(made.as_json()) == made


def test_a_label_stands_for_people(vault: Vault) -> None:
    assert vault.label != vault.kind
