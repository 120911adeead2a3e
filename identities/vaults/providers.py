"""The providers there are: every `Vault` class in this folder, by kind."""

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

import identities.vaults
from identities.errors import Invalid
from identities.vaults.base import Vault
from identities.vaults.failures import ProviderNotInstalled
from identities.vaults.models import VaultConnection
from identities.vaults.references import KNOWN_PROVIDERS


def installed() -> dict[str, type[Vault]]:
    """The providers that can be used here, in the order of their labels."""
    found = [vault for vault in _all().values() if not vault.library or find_spec(vault.library)]
    return {vault.kind: vault for vault in sorted(found, key=lambda vault: vault.label)}


def vault_class(provider: str, member: str = "provider") -> type[Vault]:
    """Raises `Invalid` for a name nobody knows, `ProviderNotInstalled` for one that is known and not here."""
    found = installed().get(provider)
    if found:
        return found
    if provider in _all():
        raise ProviderNotInstalled(member, _all()[provider].extra)
    raise Invalid({member: [f"unknown provider; known are {', '.join(KNOWN_PROVIDERS)}"]})


def opened(connection: VaultConnection) -> Vault:
    """The vault behind a connection; nothing is asked of it yet."""
    return vault_class(connection.provider)(connection)


@cache
def _all() -> dict[str, type[Vault]]:
    for module in iter_modules(identities.vaults.__path__):
        import_module(f"identities.vaults.{module.name}")
    return Vault.kinds
