"""Azure Key Vault, by its REST interface: our own session keeps to where it may call, which Azure's library would not.

Key Vault has no check-and-set: an expected version is compared right before the write, and two writers in the same
instant are both kept as versions.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit
from uuid import UUID

from django.views.decorators.debug import sensitive_variables

from identities.errors import Invalid
from identities.vaults import azure_token, failures, names, rest
from identities.vaults.base import Ended, VaultSettings, Version, setting
from identities.vaults.references import SecretReference
from identities.vaults.remote import RemoteSettings, RemoteVault, check_address
from identities.vaults.rest import JSON, Answer
from identities.vaults.secret_text import SecretText

API = "api-version=7.4"
LONGEST_NAME = 127
MAX_PAGES = 40
OURS = "Key Vault"
_VERSION = re.compile(r"[0-9a-fA-F]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class AzureSettings(RemoteSettings):
    """Who Steward is in which directory."""

    directory: str = setting("", "Directory", "The tenant id of the Entra ID directory that the vault belongs to.")
    client_id: str = setting("", "Client id", "Of the application that Steward acts as.")
    authority: str = setting(
        "https://login.microsoftonline.com", "Sign-in address", "Another one only for a cloud of its own."
    )

    def check(self) -> None:
        RemoteSettings.check(self)
        names.dashed(self.probe_path, longest=LONGEST_NAME, member="settings")
        for member, label in (("directory", "directory"), ("client_id", "clientId")):
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]{2,80}", getattr(self, member), re.ASCII):
                raise Invalid({"settings": [f"{label}: is required, as Entra ID writes it"]})
        parts = urlsplit(self.authority)
        if parts.scheme != "https" or not parts.hostname or parts.path.strip("/") or parts.query or "@" in parts.netloc:
            raise Invalid({"settings": ["authority: must read https://host"]})


class AzureVault(RemoteVault):
    """`secretName` is a path under the prefix whose slashes are two dashes in Azure; a version is Azure's 32 digits."""

    kind: ClassVar[str] = "azure-key-vault"
    label: ClassVar[str] = "Azure Key Vault"
    Settings: ClassVar[type[VaultSettings]] = AzureSettings
    credential_setting: ClassVar[str] = "clientSecret"
    entrusted: ClassVar[tuple[str, ...]] = ("prefix", "directory", "clientId", "authority")

    @classmethod
    def check_connection(cls, uri: str, settings: VaultSettings, *, has_credential: bool) -> None:
        super().check_connection(uri, settings, has_credential=has_credential)
        assert isinstance(settings, AzureSettings)  # noqa: S101 - for the type checker
        if urlsplit(uri).path:
            raise Invalid({"vault_uri": ["must read https://NAME.vault.azure.net"]})
        try:
            check_address(settings.authority, settings)
        except Invalid:
            raise Invalid({"settings": ["authority: lies at an address that is not called"]}) from None

    @classmethod
    def check_name(cls, reference: SecretReference) -> None:
        names.dashed(reference.secret_name, longest=LONGEST_NAME)
        if reference.version is not None and not _VERSION.fullmatch(reference.version):
            raise failures.VaultPathRefused({"version": ["must be the 32 digits of a version"]})

    @sensitive_variables("answer")
    def read(self, reference: SecretReference, tenant_id: UUID) -> SecretText:
        name = self._name(reference)
        with self._asking() as vault:
            answer = vault.good("GET", f"secrets/{name}/{reference.version or ''}".rstrip("/"))
        return SecretText(rest.text_of(answer, "value"))

    def write(
        self, reference: SecretReference, text: SecretText, tenant_id: UUID, expected_version: str | None = None
    ) -> str:
        name = self._name(reference)
        with self._asking() as vault:
            if expected_version is not None and expected_version != vault.newest(name):
                raise failures.VersionConflict(f"The secret '{name}' is not at the expected version")
            answer = vault.good("PUT", f"secrets/{name}", {"value": text.reveal()})
        return _version_name(answer)

    def newest(self, reference: SecretReference, tenant_id: UUID) -> str:
        name = self._name(reference)
        with self._asking() as vault:
            return vault.newest(name)

    def versions(self, reference: SecretReference, tenant_id: UUID) -> list[Version]:
        name = self._name(reference)
        with self._asking() as vault:
            found = vault.versions(name)
            newest = vault.newest(name)
        if not found:
            raise failures.SecretNotFound(f"There is no secret '{name}'")
        # Azure counts in seconds: of two in one second the one it answers with is the newer.
        return sorted(found, key=lambda one: (one.name == newest, one.created_at or _NEVER), reverse=True)

    def destroy(self, reference: SecretReference, tenant_id: UUID) -> Ended:
        """Azure destroys no single version: it is switched off. A secret goes into the bin, and out of it if it may."""
        name = self._name(reference)
        with self._asking() as vault:
            if reference.version:
                place = f"secrets/{name}/{reference.version}"
                if not any(one.name == reference.version and one.is_readable for one in vault.versions(name)):
                    raise failures.SecretNotFound("There is no such secret, or not in this version")
                vault.good("PATCH", place, {"attributes": {"enabled": False}})
                return Ended.DISABLED
            vault.good("DELETE", f"secrets/{name}")
            purged = vault.ask("DELETE", f"deletedsecrets/{name}")
        return Ended.DESTROYED if purged.is_good else Ended.DISABLED

    def probe(self) -> None:
        name = names.dashed(self._settings.probe_path, longest=LONGEST_NAME)
        try:
            with self._asking() as vault:
                vault.good("GET", f"secrets/{name}")
        except failures.SecretNotFound:
            return
        except failures.VaultUnauthenticated:
            raise
        except failures.VaultDenied:
            raise failures.VaultDenied(f"The application is known, and has no right to read '{name}'") from None

    @property
    def _settings(self) -> AzureSettings:
        found = AzureSettings.from_json(self.connection.settings)
        assert isinstance(found, AzureSettings)  # noqa: S101 - for the type checker
        return found

    def _name(self, reference: SecretReference) -> str:
        self.check_name(reference)
        return names.dashed(names.confined(self._settings.prefix, reference.secret_name), longest=LONGEST_NAME)

    @contextmanager
    def _asking(self) -> "Iterator[_Asking]":
        settings = self._settings
        with self.session(settings) as session:
            identity = azure_token.Application(settings.authority, settings.directory, settings.client_id)
            yield _Asking(session, self.connection.vault_uri, identity, self.secret_credential(settings))


class _Asking:
    """One operation's questions: the first goes without a token and is told for what one is to be fetched."""

    def __init__(self, session: Any, uri: str, identity: azure_token.Application, secret: SecretText) -> None:
        self._session, self._uri, self._identity, self._secret = session, uri, identity, secret
        self._token: SecretText | None = None

    @sensitive_variables("body")
    def ask(self, method: str, path: str, body: JSON | None = None, query: str = API) -> Answer:
        url = f"{self._uri}/{path}?{query}"
        if self._token is None:
            # Nothing but the question goes out before the vault has said who it is to.
            asked = rest.ask(self._session, method, url)
            resource = azure_token.challenged(asked, self._uri, self._identity)
            self._token = azure_token.fetch(self._session, self._identity, self._secret, resource)
        return rest.ask(self._session, method, url, token=self._token.reveal(), json=body)

    @sensitive_variables("body", "answer")
    def good(self, method: str, path: str, body: JSON | None = None, query: str = API) -> JSON:
        answer = self.ask(method, path, body, query)
        if not answer.is_good:
            raise _refused(answer)
        return answer.body

    @sensitive_variables("answer")
    def newest(self, name: str) -> str:
        """The newest version, switched off or not; `0` where there is none."""
        answer = self.ask("GET", f"secrets/{name}")
        if answer.is_good:
            return _version_name(answer.body)
        if answer.status != 404 and not _is_switched_off(answer):
            raise _refused(answer)
        found = sorted(self.versions(name), key=lambda one: one.created_at or _NEVER)
        return found[-1].name if found else "0"

    def versions(self, name: str) -> list[Version]:
        """As Azure lists them, in no order; none where there is no secret."""
        found: list[Version] = []
        query = f"{API}&maxresults=25"
        for _page in range(MAX_PAGES):
            answer = self.ask("GET", f"secrets/{name}/versions", query=query)
            if answer.status == 404:
                break
            if not answer.is_good:
                raise _refused(answer)
            found += [_version_of(row) for row in rest.rows_of(answer.body, "value")]
            query = urlsplit(str(answer.body.get("nextLink") or "")).query  # of the address, only what it asks for
            if not query:
                break
        return found


_NEVER = datetime.min.replace(tzinfo=UTC)


def _refused(answer: Answer) -> failures.VaultError:
    """Azure's refusal in our words."""
    if _is_switched_off(answer):
        return failures.SecretNotFound("This version of the secret is switched off")
    code = _inner_code(answer)
    if code in ("ObjectIsDeletedButRecoverable", "ObjectIsBeingDeleted", "ObjectIsBeingRecovered"):
        return failures.SecretBeingDeleted("The secret lies in the vault's bin")
    if answer.status == 401 and azure_token.is_about_time(answer):
        return failures.VaultClockSkew("Key Vault says that the token is not valid at this time")
    return rest.refusal(answer.status, OURS)


def _is_switched_off(answer: Answer) -> bool:
    return answer.status == 403 and _inner_code(answer) == "SecretDisabled"


def _inner_code(answer: Answer) -> str:
    error = answer.body.get("error")
    inner = error.get("innererror") if isinstance(error, dict) else None
    return str(inner.get("code", "")) if isinstance(inner, dict) else ""


def _version_name(body: JSON) -> str:
    found = rest.text_of(body, "id").rstrip("/").rpartition("/")[2]
    if not _VERSION.fullmatch(found):
        raise failures.VaultFailed("The vault's answer is not what this vault answers")
    return found


def _version_of(row: JSON) -> Version:
    told = row.get("attributes")
    attributes = told if isinstance(told, dict) else {}
    created = attributes.get("created")
    at = datetime.fromtimestamp(created, UTC) if isinstance(created, int) else None
    return Version(_version_name(row), at, attributes.get("enabled") is not False)
