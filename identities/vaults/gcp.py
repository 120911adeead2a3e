"""Google Secret Manager, by its REST interface and a service account's key.

It has no check-and-set: versions count up, so a number other than the expected one shows that somebody wrote in
between. Ours is destroyed then, and what they wrote stands.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit
from uuid import UUID

from django.views.decorators.debug import sensitive_variables

from identities.errors import Invalid
from identities.vaults import failures, gcp_key, names, rest
from identities.vaults.base import Ended, VaultSettings, Version
from identities.vaults.references import SecretReference
from identities.vaults.remote import RemoteSettings, RemoteVault
from identities.vaults.rest import JSON, Answer
from identities.vaults.secret_text import SecretText

LONGEST_NAME = 255
MAX_PAGES = 20
OURS = "Secret Manager"
_PLACE = re.compile(r"/projects/[a-z0-9][a-z0-9:.-]{2,60}(/locations/[a-z0-9-]{3,40})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class GcpSettings(RemoteSettings):
    """The project stands in the address, the service account in its key."""

    def check(self) -> None:
        RemoteSettings.check(self)
        names.dashed(self.probe_path, longest=LONGEST_NAME, member="settings", underscore=True)


class GcpVault(RemoteVault):
    """`secretName` is a path under the prefix whose slashes are two dashes at Google; a version is a number."""

    kind: ClassVar[str] = "gcp-secret-manager"
    label: ClassVar[str] = "Google Secret Manager"
    Settings: ClassVar[type[VaultSettings]] = GcpSettings
    credential_setting: ClassVar[str] = "serviceAccountKey"

    @classmethod
    def credential_text(cls, text: str) -> str:
        """Google's JSON file, cut down to what is needed; raises `Invalid`."""
        return gcp_key.kept(text, cls.credential_setting)

    @classmethod
    def check_connection(cls, uri: str, settings: VaultSettings, *, has_credential: bool) -> None:
        super().check_connection(uri, settings, has_credential=has_credential)
        if not _PLACE.fullmatch(urlsplit(uri).path):
            said = "must read https://secretmanager.googleapis.com/projects/PROJECT, with /locations/REGION if regional"
            raise Invalid({"vault_uri": [said]})

    @classmethod
    def check_name(cls, reference: SecretReference) -> None:
        names.dashed(reference.secret_name, longest=LONGEST_NAME, underscore=True)
        names.plain_version(reference.version)

    @sensitive_variables("answer", "data")
    def read(self, reference: SecretReference, tenant_id: UUID) -> SecretText:
        name = self._name(reference)
        with self._asking() as vault:
            answer = vault.good("GET", f"secrets/{name}/versions/{reference.version or 'latest'}:access")
        try:
            return SecretText(b64decode(rest.text_of(answer, "payload", "data"), validate=True).decode())
        except (NotBase64, UnicodeDecodeError):
            raise failures.FieldNotFound(f"The secret '{name}' holds no text") from None

    @sensitive_variables("payload")
    def write(
        self, reference: SecretReference, text: SecretText, tenant_id: UUID, expected_version: str | None = None
    ) -> str:
        name = self._name(reference)
        payload = {"payload": {"data": b64encode(text.reveal().encode()).decode()}}
        with self._asking() as vault:
            found = vault.versions(name)
            newest = found[0].name if found else "0"
            if expected_version is not None and expected_version != newest:
                raise failures.VersionConflict(f"The secret '{name}' is not at the expected version")
            if found is None:
                vault.create(name)
            made = _number(vault.good("POST", f"secrets/{name}:addVersion", payload))
            if expected_version is not None and int(made) != int(newest) + 1:
                vault.good("POST", f"secrets/{name}/versions/{made}:destroy", {})
                raise failures.VersionConflict(f"Somebody else wrote the secret '{name}' in between")
        return made

    def versions(self, reference: SecretReference, tenant_id: UUID) -> list[Version]:
        name = self._name(reference)
        with self._asking() as vault:
            found = vault.versions(name)
        if not found:
            raise failures.SecretNotFound(f"There is no secret '{name}'")
        return found

    def destroy(self, reference: SecretReference, tenant_id: UUID) -> Ended:
        name = self._name(reference)
        with self._asking() as vault:
            if reference.version is None:
                vault.good("DELETE", f"secrets/{name}")
            else:
                vault.good("POST", f"secrets/{name}/versions/{reference.version}:destroy", {})
        return Ended.DESTROYED

    def probe(self) -> None:
        name = names.dashed(self._settings.probe_path, longest=LONGEST_NAME, underscore=True)
        try:
            with self._asking() as vault:
                vault.good("GET", f"secrets/{name}/versions/latest:access")
        except failures.SecretNotFound:
            return
        except failures.VaultUnauthenticated:
            raise
        except failures.VaultDenied:
            raise failures.VaultDenied(f"The account is known, and has no right to read '{name}'") from None

    @property
    def _settings(self) -> GcpSettings:
        found = GcpSettings.from_json(self.connection.settings)
        assert isinstance(found, GcpSettings)  # noqa: S101 - for the type checker
        return found

    def _name(self, reference: SecretReference) -> str:
        self.check_name(reference)
        path = names.confined(self._settings.prefix, reference.secret_name)
        return names.dashed(path, longest=LONGEST_NAME, underscore=True)

    @contextmanager
    def _asking(self) -> "Iterator[_Asking]":
        settings = self._settings
        with self.session(settings) as session:
            token = gcp_key.token(session, self.secret_credential(settings))
            yield _Asking(session, self.connection.vault_uri, token)


class _Asking:
    """One operation's questions, with the token that was fetched for it."""

    def __init__(self, session: Any, uri: str, token: SecretText) -> None:
        parts = urlsplit(uri)
        self._session, self._token = session, token
        self._root = f"{parts.scheme}://{parts.netloc}/v1{parts.path}"
        self._is_regional = "/locations/" in parts.path

    @sensitive_variables("body")
    def ask(self, method: str, path: str, body: JSON | None = None) -> Answer:
        return rest.ask(self._session, method, f"{self._root}/{path}", token=self._token.reveal(), json=body)

    @sensitive_variables("body", "answer")
    def good(self, method: str, path: str, body: JSON | None = None) -> JSON:
        answer = self.ask(method, path, body)
        if not answer.is_good:
            raise _refused(answer)
        return answer.body

    def create(self, name: str) -> None:
        """An empty secret; somebody else's that is there by now will do."""
        replication: JSON = {} if self._is_regional else {"replication": {"automatic": {}}}
        with suppress(failures.VersionConflict):
            self.good("POST", f"secrets?secretId={name}", replication)

    def versions(self, name: str) -> list[Version] | None:
        """The newest first; None where there is no secret."""
        found: list[Version] = []
        page = ""
        for _page in range(MAX_PAGES):
            answer = self.ask("GET", f"secrets/{name}/versions?pageSize=250{page}")
            if answer.status == 404:
                return None
            if not answer.is_good:
                raise _refused(answer)
            found += [_version_of(row) for row in rest.rows_of(answer.body, "versions")]
            following = answer.body.get("nextPageToken")
            if not following:
                break
            page = f"&pageToken={quote(str(following), safe='')}"
        return sorted(found, key=lambda one: int(one.name), reverse=True)


def _refused(answer: Answer) -> failures.VaultError:
    """Google's refusal in our words."""
    error = answer.body.get("error")
    said = error if isinstance(error, dict) else {}
    if said.get("status") == "FAILED_PRECONDITION":
        return failures.SecretNotFound("This version of the secret is destroyed or switched off")
    return rest.refusal(answer.status, OURS)


def _number(body: JSON) -> str:
    found = rest.text_of(body, "name").rpartition("/")[2]
    if not re.fullmatch(r"[1-9][0-9]{0,8}", found, re.ASCII):
        raise failures.VaultFailed("The vault's answer is not what this vault answers")
    return found


def _version_of(row: JSON) -> Version:
    try:
        at = datetime.fromisoformat(str(row.get("createTime")))
    except ValueError:
        at = None
    return Version(_number(row), at, row.get("state") == "ENABLED")
