"""What a vault is to Steward: a class in a file of its own beside this one, found by its `kind`."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar, Self
from uuid import UUID

from identities.errors import Invalid
from identities.vaults.models import VaultConnection
from identities.vaults.references import SecretReference
from identities.vaults.secret_text import SecretText


@dataclass(frozen=True, slots=True)
class VaultSettings:
    """A provider's settings: a frozen dataclass of texts, numbers and switches, none of them secret.

    Each field is made by `setting(default, label, hint)`, from which forms are built. Outside, names are camelCase.
    """

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Raises `Invalid` (member `settings`) for an unknown name, another type, or values that do not fit."""
        known = {_camel(item.name): item for item in fields(cls)}
        problems = [f"{name}: unknown" for name in data if name not in known]
        problems += [
            f"{name}: must be {_words(item.default)}"
            for name, item in known.items()
            if name in data and type(data[name]) is not type(item.default)
        ]
        if problems:
            raise Invalid({"settings": problems})
        made = cls(**{known[name].name: value for name, value in data.items()})
        made.check()
        return made

    def as_json(self) -> dict[str, Any]:
        """Every setting, defaults included, by its outside name."""
        return {_camel(name): value for name, value in asdict(self).items()}

    def check(self) -> None:
        """Raise `Invalid` (member `settings`) when values do not fit; the base has nothing to say."""


class Vault(ABC):
    """One connection to a secrets store, made for one operation and thrown away.

    `read`, `write` and `probe` may use the network and take up to the connection's time limit, so they are never called
    inside a transaction. They raise the errors of `identities.vaults.failures` and nothing else, keep every name
    inside the connection's own prefix, follow no redirect, and put no secret into a log line, an error or an
    attribute. Not promised: that a value read once can be read again.
    """

    kind: ClassVar[str]
    label: ClassVar[str]
    Settings: ClassVar[type[VaultSettings]] = VaultSettings

    library: ClassVar[str] = ""
    """The optional package it needs; without it the provider counts as not installed."""

    credential_setting: ClassVar[str] = ""
    """The outside name under which a credential is given; it is taken out of the settings and sealed."""

    entrusted: ClassVar[tuple[str, ...]] = ()
    """The outside names of settings that say what a credential opens: where one changes, it is given again."""

    kinds: ClassVar[dict[str, type["Vault"]]] = {}

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if cls.kind in Vault.kinds:
            msg = f"two vaults call themselves {cls.kind!r}"
            raise TypeError(msg)
        Vault.kinds[cls.kind] = cls

    def __init__(self, connection: VaultConnection) -> None:
        self.connection = connection

    @abstractmethod
    def read(self, reference: SecretReference, tenant_id: UUID) -> SecretText:
        """The value, of `reference.version` or the newest."""

    @abstractmethod
    def write(
        self, reference: SecretReference, text: SecretText, tenant_id: UUID, expected_version: str | None = None
    ) -> str:
        """Store a new version and return its name.

        With `expected_version` (`"0"` for: not there yet) it raises `VersionConflict` unless that is the newest one.
        """

    @abstractmethod
    def probe(self) -> None:
        """Raise a `VaultError` when the vault cannot be used right now; reads no secret."""

    @classmethod
    def settled(cls, uri: str, settings: VaultSettings, *, may_use_deployment: bool) -> VaultSettings:
        """The settings as they are kept; the base keeps them as they were given."""
        return settings

    @classmethod
    @abstractmethod
    def check_connection(cls, uri: str, settings: VaultSettings, *, has_credential: bool) -> None:
        """Raise `Invalid` (members `vault_uri`, `settings`) unless the provider can work with these; no network."""

    @classmethod
    @abstractmethod
    def check_name(cls, reference: SecretReference) -> None:
        """Raise `VaultPathRefused` unless name and version are ones the provider can hold; no network."""


def setting(default: Any, label: str, hint: str = "") -> Any:
    """A field of a `VaultSettings`, with the words its form shows."""
    return field(default=default, metadata={"label": label, "hint": hint})


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


def _words(default: object) -> str:
    return {bool: "true or false", int: "a whole number"}.get(type(default), "text")
