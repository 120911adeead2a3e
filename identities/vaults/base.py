"""What a vault is to Steward: a class in a file of its own beside this one, found by its `kind`."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, Self
from uuid import UUID

from identities.errors import Invalid
from identities.vaults.models import VaultConnection
from identities.vaults.references import SecretReference
from identities.vaults.secret_text import SecretText


@dataclass(frozen=True, slots=True)
class VaultSettings:
    """A provider's settings: a frozen dataclass of plain values, none of them secret.

    Each field may carry `metadata={"label": …, "hint": …}`, from which forms are built.
    """

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Raises `Invalid` (member `settings`) for an unknown name or a value of another type."""
        known = {item.name: item for item in fields(cls)}
        problems = [f"{name}: unknown" for name in data if name not in known]
        for name, value in data.items():
            wanted = _type_of(known[name]) if name in known else None
            if wanted and (not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool)):
                problems.append(f"{name}: must be {wanted.__name__}")
        if not problems:
            made = cls(**data)
            problems = made.problems()
            if not problems:
                return made
        raise Invalid({"settings": problems})

    def problems(self) -> list[str]:
        """What is wrong with the values, each as `name: what`; nothing when they fit together."""
        return []


class Vault(ABC):
    """One connection to a secrets store, made for one operation and thrown away.

    `read` and `write` may use the network and take up to the connection's time limit, so never call them inside a
    transaction. They raise the errors of `identities.vaults.failures` and nothing else, keep every name inside the
    connection's own prefix, follow no redirect and put no secret into a log line, an error or an attribute.
    Not promised: that a value read once can be read again.
    """

    kind: ClassVar[str]
    label: ClassVar[str]
    Settings: ClassVar[type[VaultSettings]] = VaultSettings
    needs_credential: ClassVar[bool] = True

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
    @abstractmethod
    def check_uri(cls, uri: str) -> None:
        """Raise `Invalid` (member `vault_uri`) unless this is an address the provider can use; no network."""

    @classmethod
    @abstractmethod
    def check_name(cls, reference: SecretReference) -> None:
        """Raise `VaultPathRefused` unless name and version are ones the provider can hold; no network."""


def _type_of(item: Any) -> type:
    value = item.default if item.default is not MISSING else item.default_factory()
    return type(value)


def setting(default: Any, label: str, hint: str = "") -> Any:
    """A field of a `VaultSettings`, with the words its form shows."""
    return field(default=default, metadata={"label": label, "hint": hint})
