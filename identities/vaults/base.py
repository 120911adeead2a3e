"""What a vault is to Steward: a class in a file of its own beside this one, found by its `kind`."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import Field, asdict, dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Self
from uuid import UUID

from identities.errors import Invalid
from identities.names import camel
from identities.vaults.failures import SecretNotFound
from identities.vaults.models import VaultConnection
from identities.vaults.references import SecretReference
from identities.vaults.secret_text import SecretText

NONE = "0"
"""The version of a secret that is not there yet."""


@dataclass(frozen=True, slots=True)
class VaultSettings:
    """A provider's settings: a frozen dataclass of texts, numbers and switches, none of them secret.

    Each field is made by `setting(default, label, hint)`, from which forms are built. Outside, names are camelCase.
    """

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Raises `Invalid` (member `settings`) for an unknown name, another type, or values that do not fit."""
        known = {camel(item.name): item for item in fields(cls)}
        problems = [f"{name}: unknown" for name in data if name not in known]
        problems += [
            f"{name}: must be {_words(item.default)}"
            for name, item in known.items()
            if name in data and type(data[name]) is not type(item.default)
        ]
        problems += [
            f"{name}: must be one of {', '.join(choices)}"
            for name, item in known.items()
            if (choices := item.metadata.get("choices")) and data.get(name, item.default) not in choices
        ]
        if problems:
            raise Invalid({"settings": problems})
        made = cls(**{known[name].name: value for name, value in data.items()})
        made.check()
        return made

    def as_json(self) -> dict[str, Any]:
        """Every setting, defaults included, by its outside name."""
        return {camel(name): value for name, value in asdict(self).items()}

    @classmethod
    def shown(cls) -> list[Field[Any]]:
        """The fields in the order of a form: the provider's own, then those it shares with others."""
        shared = {item.name for base in cls.__mro__[1:] if issubclass(base, VaultSettings) for item in fields(base)}
        return sorted(fields(cls), key=lambda item: item.name in shared)

    def check(self) -> None:
        """Raise `Invalid` (member `settings`) when values do not fit; the base has nothing to say."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a secret, without its value. `labels` are the vault's own words, such as AWSCURRENT."""

    name: str
    created_at: datetime | None = None
    is_readable: bool = True
    labels: tuple[str, ...] = ()


class Ended(StrEnum):
    """What became of a value that was to be destroyed: vaults differ in what they let anybody do."""

    DESTROYED = "destroyed"
    """Gone: nobody brings it back."""

    DISABLED = "disabled"
    """Not read any more; whoever administers the vault may bring it back until the vault removes it."""

    RELEASED = "released"
    """Out of use and refused by Steward; the vault removes it in its own time, and shows it by its version till then"""


class Vault(ABC):
    """One connection to a secrets store, made for one operation and thrown away.

    What is asked of the vault itself (all but the class methods) may use the network and take up to the connection's
    time limit for each question, so it is never called inside a transaction. It raises the errors of
    `identities.vaults.failures` and nothing else, keeps every name inside the connection's own prefix, follows no
    redirect, and puts no secret into a log line, an error or an attribute. Not promised: that a value read once can be
    read again.
    """

    kind: ClassVar[str]
    label: ClassVar[str]
    Settings: ClassVar[type[VaultSettings]] = VaultSettings

    library: ClassVar[str] = ""
    """The optional package it needs; without it the provider counts as not installed."""

    extra: ClassVar[str] = ""
    """The extra of Steward's own package that brings the library."""

    credential_setting: ClassVar[str] = ""
    """The outside name under which a credential is given; it is taken out of the settings and sealed."""

    entrusted: ClassVar[tuple[str, ...]] = ()
    """The outside names of settings that say what a credential opens: where one changes, it is given again."""

    is_staging: ClassVar[bool] = False
    """Does a version that was staged wait until it is promoted? If not, it is in use at once."""

    kinds: ClassVar[dict[str, type["Vault"]]] = {}

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "kind" not in vars(cls):  # what several providers share is none itself
            return
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
    def versions(self, reference: SecretReference, tenant_id: UUID) -> list[Version]:
        """Its versions, the newest first, as far as the vault still tells of them; `SecretNotFound` where it has none.

        Names of versions are the vault's own words. `reference.version` is not looked at.
        """

    def newest(self, reference: SecretReference, tenant_id: UUID) -> str:
        """The version that a write follows, `"0"` where there is none: what the next one is to expect."""
        try:
            found = self.versions(reference, tenant_id)
        except SecretNotFound:
            return NONE
        return found[0].name if found else NONE

    def stage(
        self, reference: SecretReference, text: SecretText, tenant_id: UUID, expected_version: str | None = None
    ) -> str:
        """As `write`, but where the vault knows versions that wait, nobody is given this one before `promote`."""
        return self.write(reference, text, tenant_id, expected_version)

    def staged(self, reference: SecretReference, tenant_id: UUID) -> str:
        """The version that waits, else the newest one; `"0"` where there is none."""
        return self.newest(reference, tenant_id)

    def promote(  # noqa: B027 - a vault without staging leaves it as it is
        self, reference: SecretReference, version: str, tenant_id: UUID, expected_version: str | None = None
    ) -> None:
        """Put a staged version in use; once more changes nothing.

        With `expected_version` it raises `VersionConflict` where another than that is in use by now. A vault without
        waiting versions has nothing to do.
        """

    @abstractmethod
    def destroy(self, reference: SecretReference, tenant_id: UUID) -> Ended:
        """End the value of `reference.version` for good, or the secret with all versions where none is named.

        Afterwards `read` raises `SecretNotFound`, or `SecretBeingDeleted`; how final it is, the answer says. Raises
        `SecretNotFound` for what is not there, and `VersionKept` where the vault holds on to a version in use.
        """

    @abstractmethod
    def probe(self) -> None:
        """Raise a `VaultError` when the vault cannot be used right now, or the credential may not read there.

        No secret that anybody uses is read.
        """

    @classmethod
    def settled(cls, uri: str, settings: VaultSettings, *, may_use_deployment: bool) -> VaultSettings:
        """The settings as they are kept; the base keeps them as they were given."""
        return settings

    @classmethod
    def deployment_setting(cls, settings: VaultSettings) -> str:
        """The outside name of the setting that makes use of something of the deployment's own, or nothing."""
        return ""

    @classmethod
    def area(cls, settings: VaultSettings) -> tuple[str, ...] | None:
        """Where within its address these settings let references reach, segment by segment; None: nowhere shared."""
        return None

    @classmethod
    def credential_text(cls, text: str) -> str:
        """A credential in the form in which it is kept; raises `Invalid` (member `settings`), quoting nothing of it."""
        if not text.isprintable() or not text.isascii():
            raise Invalid({"settings": [f"{cls.credential_setting}: must be plain text"]})
        return text.strip()

    @classmethod
    @abstractmethod
    def check_connection(cls, uri: str, settings: VaultSettings, *, has_credential: bool) -> None:
        """Raise `Invalid` (members `vault_uri`, `settings`) unless the provider can work with these; no network."""

    @classmethod
    @abstractmethod
    def check_name(cls, reference: SecretReference) -> None:
        """Raise `VaultPathRefused` unless name and version are ones the provider can hold; no network."""


def setting(default: Any, label: str, hint: str = "", choices: Mapping[str, str] | None = None) -> Any:
    """A field of a `VaultSettings`, with the words of its form; `choices` are its values and their words."""
    return field(default=default, metadata={"label": label, "hint": hint, "choices": choices})


def _words(default: object) -> str:
    return {bool: "true or false", int: "a whole number"}.get(type(default), "text")
