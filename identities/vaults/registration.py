"""What a vault connection must be before it is one: its values checked together, its credential sealed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.views.decorators.debug import sensitive_variables

from identities.errors import Invalid
from identities.vaults import providers, resealing, sealed_box
from identities.vaults.base import Vault, VaultSettings
from identities.vaults.models import VaultConnection
from identities.vaults.references import normal_uri
from identities.vaults.secret_text import SecretText

ENVIRONMENTS = ("production", "staging", "development", "sandbox")
PURPOSE = "vault credential"
FACTS = ("name", "provider", "vault_uri", "environment", "settings")
MAX_CREDENTIAL = 4096


@dataclass(frozen=True, slots=True)
class Plan:
    """Checked values, not yet in a row. `names_deployment`: the setting that makes use of the deployment's own, if any.

    `is_private`: they let the vault lie at a private or loopback address.
    """

    name: str
    vault_uri: str
    environment: str
    settings: dict[str, Any]
    credential: SecretText | None
    names_deployment: str
    is_private: bool

    def put_into(self, connection: VaultConnection) -> None:
        connection.name = self.name
        connection.vault_uri = self.vault_uri
        connection.environment = self.environment
        connection.settings = self.settings
        if self.credential:
            connection.sealed_credential = seal_credential(connection, self.credential)
        elif self.names_deployment:
            connection.sealed_credential = ""


@sensitive_variables("settings", "credential", "plain", "given")
def plan(
    *,
    name: str,
    provider: str,
    vault_uri: str,
    environment: str,
    settings: Mapping[str, Any],
    credential: str | SecretText | None,
    held: VaultConnection | None = None,
    may_use_deployment: bool = False,
) -> Plan:
    """Raises `Invalid` naming the member that does not fit.

    A kept credential wants to be given again for another address, and, unless the actor may use the deployment, for
    other settings that say what it opens: whoever changes those never saw it, and would read with it elsewhere.
    """
    vault = providers.vault_class(provider)
    _check_words(name, environment)
    uri = normal_uri(vault_uri)
    plain = {**settings}
    inner = plain.pop(vault.credential_setting, None) if vault.credential_setting else None
    given = _credential(vault, inner, credential)
    understood = vault.settled(uri, vault.Settings.from_json(plain), may_use_deployment=may_use_deployment)
    names_deployment = vault.deployment_setting(understood)
    is_private = bool(getattr(understood, "private_network", False))
    keeps = held is not None and held.has_credential and not names_deployment
    moved = _moved(held, vault, uri, understood, may_use_deployment=may_use_deployment) if held and keeps else ""
    if moved and not given:
        raise Invalid({"settings": [f"{vault.credential_setting}: must be given again for another {moved}"]})
    if given and names_deployment:
        raise Invalid({"settings": [f"{vault.credential_setting}: either itself or {names_deployment}"]})
    vault.check_connection(uri, understood, has_credential=given is not None or keeps)
    return Plan(name.strip(), uri, environment, understood.as_json(), given, names_deployment, is_private)


def check_deployment(planned: Plan, *, may_use_deployment: bool) -> None:
    """Raise `Invalid` when a tenant's own administrator uses the deployment's variables, identity or private network.

    Both are everybody's: they could have the token sent to an address of their own, or ask what listens inside.
    """
    if planned.names_deployment and not may_use_deployment:
        said = "only a platform administrator may use what is the deployment's own"
        raise Invalid({"settings": [f"{planned.names_deployment}: {said}"]})
    if planned.is_private and not may_use_deployment:
        raise Invalid({"settings": ["privateNetwork: only a platform administrator may name a private address"]})


@sensitive_variables("credential")
def seal_credential(connection: VaultConnection, credential: SecretText) -> str:
    """Sealed for this connection and its address: in another row, or after the address changed, it does not open."""
    return sealed_box.seal(credential.reveal().encode(), PURPOSE, place=_place(connection))


def open_credential(connection: VaultConnection) -> SecretText:
    """Raises `sealed_box.CannotOpen`."""
    return SecretText(sealed_box.open(connection.sealed_credential, PURPOSE, place=_place(connection)).decode())


def facts(connection: VaultConnection) -> dict[str, Any]:
    """What the audit may say of a connection."""
    return {name: getattr(connection, name) for name in FACTS} | {"has_credential": connection.has_credential}


def _moved(
    held: VaultConnection, vault: type[Vault], uri: str, settings: VaultSettings, *, may_use_deployment: bool
) -> str:
    """What the credential that is kept was not given for, or nothing."""
    if held.vault_uri != uri:
        return "address"
    before, after = vault.Settings.from_json(held.settings).as_json(), settings.as_json()
    changed = [name for name in vault.entrusted if before[name] != after[name]]
    return changed[0] if changed and not may_use_deployment else ""


def _check_words(name: str, environment: str) -> None:
    if not name.strip() or len(name.strip()) > 120:
        raise Invalid({"name": ["must be 1 to 120 characters"]})
    if environment and environment not in ENVIRONMENTS:
        raise Invalid({"environment": [f"must be one of {', '.join(ENVIRONMENTS)}, or empty for all"]})


@sensitive_variables("inner", "outer", "given", "text")
def _credential(vault: type[Vault], inner: object, outer: str | SecretText | None) -> SecretText | None:
    given = outer or inner
    if not given:
        return None
    text = given.reveal() if isinstance(given, SecretText) else given
    if not isinstance(text, str) or len(text) > MAX_CREDENTIAL:
        raise Invalid({"settings": [f"{vault.credential_setting}: must be plain text"]})
    return SecretText(vault.credential_text(text))


def _place(connection: VaultConnection) -> str:
    return f"{connection.pk}/{connection.provider}/{connection.vault_uri}"


SEALED = resealing.text_column("vault credentials", VaultConnection, "sealed_credential", PURPOSE, _place)
