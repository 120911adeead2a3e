"""Registering, changing and removing vaults: default is deny, and every change leaves its record."""

from typing import Any

import pytest

from audit.models import AuditEvent
from identities.errors import Conflict, Invalid, Missing
from identities.people.models import Tenant
from identities.vaults import connections, registration, sealed_box, services as vaults
from identities.vaults.models import VaultConnection
from identities.vaults.references import SecretReference
from tests.factories import people, vaults as factory
from tests.factories.vaults import SYSTEM

OWN = SecretReference("local", "local://own", "payroll")
VAULT = "https://vault.example.com:8200"

pytestmark = pytest.mark.django_db


def remote(tenant: Tenant, **facts: Any) -> VaultConnection:
    facts = {"settings": {"token": "first-token"}} | facts
    return factory.connection(of=tenant, provider="hashicorp-vault", uri=VAULT, **facts)


def last_event() -> AuditEvent:
    return AuditEvent.objects.latest("id")


# Registering.


def test_registering_is_recorded_and_seals_the_token(tenant: Tenant) -> None:
    row = remote(tenant, settings={"token": "first-token", "prefix": "steward/prod"}, environment="production")
    event = last_event()
    assert (event.type, event.subject_id, event.tenant_id) == ("vault_connection.created", str(row.pk), tenant.pk)
    assert event.changes["settings"]["current"]["prefix"] == "steward/prod"
    assert "first-token" not in str(event.changes) + str(row.settings) + row.sealed_credential
    assert registration.open_credential(row).reveal() == "first-token"


@pytest.mark.parametrize(
    ("facts", "member"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"environment": "prod"}, "environment"),
        ({"provider": "carrier-pigeon"}, "provider"),
        ({"vault_uri": "local://"}, "vault_uri"),
        ({"vault_uri": "local://a/b"}, "vault_uri"),
        ({"vault_uri": "https://vault.example.com"}, "vault_uri"),
        ({"settings": {"anything": 1}}, "settings"),
    ],
)
def test_a_connection_that_does_not_fit_is_refused(tenant: Tenant, facts: dict[str, Any], member: str) -> None:
    given: dict[str, Any] = {"name": "Vault", "provider": "local", "vault_uri": "local://own"} | facts
    with pytest.raises(Invalid) as invalid:
        connections.connect(tenant_id=tenant.pk, actor=SYSTEM, **given)
    assert list(invalid.value.errors) == [member]
    assert not AuditEvent.objects.exists()


def test_the_same_vault_or_name_twice_is_a_conflict(tenant: Tenant) -> None:
    factory.connection(of=tenant, uri="local://own", name="Own")
    for uri, name in (("local://own", "Other"), ("local://other", "OWN")):
        with pytest.raises(Conflict):
            factory.connection(of=tenant, uri=uri, name=name)
    assert factory.connection(of=people.tenant(), uri="local://own", name="Own").name == "Own"


def test_only_a_platform_administrator_points_at_a_variable_of_the_deployment(tenant: Tenant) -> None:
    settings = {"tokenEnv": "STEWARD_VAULT_TOKEN"}
    with pytest.raises(Invalid, match="platform administrator"):
        remote(tenant, settings=settings)
    row = remote(tenant, settings=settings, may_use_deployment=True)
    assert not row.has_credential
    with pytest.raises(Invalid, match="platform administrator"):
        connections.change_connection(row, vault_uri="https://elsewhere.example.com", actor=SYSTEM)


# Changing and removing.


def test_a_change_is_recorded_field_by_field(tenant: Tenant) -> None:
    row = remote(tenant)
    changed = connections.change_connection(row, name="Renamed", environment="staging", actor=SYSTEM)
    assert (changed.name, changed.environment) == ("Renamed", "staging")
    assert set(last_event().changes) == {"name", "environment"}


def test_the_token_is_kept_until_another_is_given(tenant: Tenant) -> None:
    row = remote(tenant)
    row = connections.change_connection(row, settings={"field": "client_secret"}, actor=SYSTEM)
    assert registration.open_credential(row).reveal() == "first-token"
    row = connections.change_connection(row, credential="second-token", actor=SYSTEM)
    assert registration.open_credential(row).reveal() == "second-token"
    assert row.settings["field"] == "client_secret"
    assert last_event().changes["credential_status"]["current"] == "replaced"
    assert "second-token" not in str(last_event().changes)


def test_a_token_does_not_follow_to_another_address(tenant: Tenant) -> None:
    row = remote(tenant)
    with pytest.raises(Invalid, match="given again"):
        connections.change_connection(row, vault_uri="https://evil.example.com", actor=SYSTEM)
    VaultConnection.objects.filter(pk=row.pk).update(vault_uri="https://evil.example.com")
    row.refresh_from_db()
    with pytest.raises(sealed_box.CannotOpen):
        registration.open_credential(row)


@pytest.mark.parametrize("setting", ["mount", "prefix", "namespace"])
def test_a_token_does_not_follow_to_other_secrets_of_the_same_server(tenant: Tenant, setting: str) -> None:
    row, other = remote(tenant), {setting: "elsewhere"}
    with pytest.raises(Invalid, match=f"given again for another {setting}"):
        connections.change_connection(row, settings=other, actor=SYSTEM)
    row = connections.change_connection(row, settings=other, may_use_deployment=True, actor=SYSTEM)
    assert registration.open_credential(row).reveal() == "first-token"
    row = connections.change_connection(row, settings={}, credential="second-token", actor=SYSTEM)
    assert registration.open_credential(row).reveal() == "second-token"


def test_naming_a_variable_forgets_the_token(tenant: Tenant) -> None:
    row = remote(tenant)
    settings = {"tokenEnv": "STEWARD_VAULT_TOKEN"}
    row = connections.change_connection(row, settings=settings, may_use_deployment=True, actor=SYSTEM)
    assert not row.has_credential


def test_a_vault_that_holds_secrets_is_not_removed(tenant: Tenant) -> None:
    row = factory.connection(of=tenant, uri="local://own")
    vaults.write_secret(OWN, "x", tenant_id=tenant.pk, actor=SYSTEM)
    with pytest.raises(Conflict) as conflict:
        connections.remove_connection(row, actor=SYSTEM)
    assert conflict.value.code == "vault_not_empty"


def test_a_removed_vault_resolves_no_more(tenant: Tenant) -> None:
    row = factory.connection(of=tenant, uri="local://own")
    connections.remove_connection(row, actor=SYSTEM, reason="moved")
    event = last_event()
    assert (event.type, event.reason, event.subject_label) == ("vault_connection.removed", "moved", row.name)
    with pytest.raises(Invalid):
        vaults.check_reference(OWN, tenant.pk)
    with pytest.raises(Missing):
        connections.change_connection(row, name="x", actor=SYSTEM)


def test_the_built_in_vault_stays_as_it_is() -> None:
    default = connections.ensure_default()
    for attempt in (connections.remove_connection, connections.change_connection):
        with pytest.raises(Conflict) as conflict:
            attempt(default, actor=SYSTEM)
        assert conflict.value.code == "vault_built_in"
