"""AWS Secrets Manager, by Amazon's own library, which builds and signs; the sending is ours."""

import json
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from django.views.decorators.debug import sensitive_variables

from identities.errors import Invalid
from identities.vaults import failures, names
from identities.vaults.aws_failures import named
from identities.vaults.base import NONE, Ended, VaultSettings, Version, setting
from identities.vaults.http import BoundedSession
from identities.vaults.references import SecretReference
from identities.vaults.remote import RemoteSettings, RemoteVault
from identities.vaults.secret_text import SecretText

if TYPE_CHECKING:
    from botocore.client import BaseClient

CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"
MAX_PAGES = 20
_REGION = re.compile(r"(?:^|\.)secretsmanager(?:-fips)?\.([a-z0-9-]+)\.(?:vpce\.)?amazonaws\.com(?:\.cn)?$", re.ASCII)
_VERSION = re.compile(r"[A-Za-z0-9-]{32,64}", re.ASCII)
_KEY_ID = re.compile(r"[A-Z0-9]{16,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class AwsSettings(RemoteSettings):
    """Whose key it is, and of which region."""

    access_key_id: str = setting("", "Access key id", "Of the IAM user that Steward acts as.")
    region: str = setting("", "Region", "Only where the address does not name it.")

    def check(self) -> None:
        RemoteSettings.check(self)
        if not _KEY_ID.fullmatch(self.access_key_id):
            raise Invalid({"settings": ["accessKeyId: is required, as IAM writes it"]})
        if self.region and not re.fullmatch(r"[a-z0-9-]{4,40}", self.region, re.ASCII):
            raise Invalid({"settings": ["region: must be a name such as eu-central-1"]})


class AwsVault(RemoteVault):
    """`secretName` is a name under the prefix; `#key` at its end names one member of a JSON object.

    A version is Amazon's id. Those without a staging label are on their way out and count as not there.
    """

    kind: ClassVar[str] = "aws-secrets-manager"
    label: ClassVar[str] = "AWS Secrets Manager"
    Settings: ClassVar[type[VaultSettings]] = AwsSettings
    library: ClassVar[str] = "boto3"
    extra: ClassVar[str] = "aws"
    is_staging: ClassVar[bool] = True
    credential_setting: ClassVar[str] = "secretAccessKey"
    entrusted: ClassVar[tuple[str, ...]] = ("prefix", "accessKeyId", "region")

    @classmethod
    def check_connection(cls, uri: str, settings: VaultSettings, *, has_credential: bool) -> None:
        super().check_connection(uri, settings, has_credential=has_credential)
        if urlsplit(uri).path:
            raise Invalid({"vault_uri": ["must read https://secretsmanager.REGION.amazonaws.com"]})
        if not _region(uri, getattr(settings, "region", "")):
            raise Invalid({"settings": ["region: is required, the address does not name it"]})

    @classmethod
    def check_name(cls, reference: SecretReference) -> None:
        path, mark, key = reference.secret_name.partition("#")
        for part in (path, key) if mark else (path,):
            if {":", "~"} & set(names.plain_path(part)) or (part is key and "/" in part):
                raise failures.VaultPathRefused({"secret_name": ["must be a name of Secrets Manager"]})
        if reference.version is not None and not _VERSION.fullmatch(reference.version):
            raise failures.VaultPathRefused({"version": ["must be the id of a version"]})

    @sensitive_variables("client", "value")
    def read(self, reference: SecretReference, tenant_id: UUID) -> SecretText:
        name, key = self._place(reference)
        with self._client() as client:
            value = _value(client, name, reference.version)
        return SecretText(_member(value, name, key) if key else value)

    @sensitive_variables("client")
    def write(
        self, reference: SecretReference, text: SecretText, tenant_id: UUID, expected_version: str | None = None
    ) -> str:
        """Put as AWSPENDING first; it becomes AWSCURRENT only if what stood there still does."""
        name, key = self._place(reference)
        with self._client() as client:
            made, before = _put(client, name, key, text, expected_version)
            if before != NONE:
                _promote(client, name, made, before)
        return made

    @sensitive_variables("client")
    def stage(
        self, reference: SecretReference, text: SecretText, tenant_id: UUID, expected_version: str | None = None
    ) -> str:
        """It waits as AWSPENDING; the first version of all is in use at once, there being nothing else to read."""
        name, key = self._place(reference)
        with self._client() as client:
            return _put(client, name, key, text, expected_version)[0]

    @sensitive_variables("client")
    def newest(self, reference: SecretReference, tenant_id: UUID) -> str:
        name, _ = self._place(reference)
        with self._client() as client:
            return _holder(_stages(client, name), CURRENT)

    @sensitive_variables("client")
    def staged(self, reference: SecretReference, tenant_id: UUID) -> str:
        name, _ = self._place(reference)
        with self._client() as client:
            stages = _stages(client, name)
        waiting = _holder(stages, PENDING)
        return waiting if waiting != NONE else _holder(stages, CURRENT)

    @sensitive_variables("client")
    def promote(
        self, reference: SecretReference, version: str, tenant_id: UUID, expected_version: str | None = None
    ) -> None:
        """AWSCURRENT moves here; Amazon puts AWSPREVIOUS on the version that had it."""
        name, _ = self._place(reference)
        with self._client() as client:
            stages = _stages(client, name) or {}
            if not stages.get(version):
                raise failures.SecretNotFound("There is no such secret, or not in this version")
            if CURRENT in stages[version]:
                return
            _promote(client, name, version, expected_version or _holder(stages, CURRENT))

    @sensitive_variables("client")
    def versions(self, reference: SecretReference, tenant_id: UUID) -> list[Version]:
        name, _ = self._place(reference)
        told: list[dict[str, Any]] = []
        page: dict[str, str] = {}
        with self._client() as client:
            if _stages(client, name) is None:
                raise failures.SecretNotFound("There is no such secret")
            for _number in range(MAX_PAGES):
                answer = client.list_secret_version_ids(SecretId=name, MaxResults=100, **page)
                told += answer.get("Versions", [])
                if not answer.get("NextToken"):
                    break
                page = {"NextToken": answer["NextToken"]}
        found = [
            Version(one["VersionId"], one.get("CreatedDate"), bool(one.get("VersionStages")), tuple(_labels(one)))
            for one in reversed(told)
        ]
        return sorted(found, key=lambda one: (CURRENT not in one.labels, PENDING not in one.labels))

    @sensitive_variables("client")
    def destroy(self, reference: SecretReference, tenant_id: UUID) -> Ended:
        """A secret ends at once and for good; a version loses its labels, and Amazon removes it in its own time."""
        name, _ = self._place(reference)
        with self._client() as client:
            stages = _stages(client, name)
            if stages is None or (reference.version and not stages.get(reference.version)):
                raise failures.SecretNotFound("There is no such secret, or not in this version")
            if not reference.version:
                client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
                return Ended.DESTROYED
            if CURRENT in stages[reference.version]:
                raise failures.VersionKept("Secrets Manager keeps the current version: write another, then end this")
            for label in stages[reference.version]:
                client.update_secret_version_stage(
                    SecretId=name, VersionStage=label, RemoveFromVersionId=reference.version
                )
        return Ended.RELEASED

    @sensitive_variables("client")
    def probe(self) -> None:
        name = self._settings.probe_path
        try:
            with self._client() as client:
                client.get_secret_value(SecretId=name)
        except (failures.SecretNotFound, failures.SecretBeingDeleted):
            return
        except failures.VaultUnauthenticated:
            raise
        except failures.VaultDenied:
            raise failures.VaultDenied(f"The key is accepted, and has no right to read '{name}'") from None

    @property
    def _settings(self) -> AwsSettings:
        found = AwsSettings.from_json(self.connection.settings)
        assert isinstance(found, AwsSettings)  # noqa: S101 - for the type checker
        return found

    def _place(self, reference: SecretReference) -> tuple[str, str]:
        self.check_name(reference)
        name, _, key = reference.secret_name.partition("#")
        return names.confined(self._settings.prefix, name), key

    @contextmanager
    def _client(self) -> "Iterator[BaseClient]":
        import botocore.exceptions

        settings = self._settings
        with self.session(settings) as session:
            try:
                yield _client_of(session, self.connection.vault_uri, settings, self.secret_credential(settings))
            except botocore.exceptions.ClientError as error:
                raise named(error.response) from None
            except (botocore.exceptions.BotoCoreError, ValueError, KeyError, TypeError, AttributeError):
                raise failures.VaultFailed("The vault's answer is not that of Secrets Manager") from None


@sensitive_variables("secret")
def _client_of(session: BoundedSession, uri: str, settings: AwsSettings, secret: SecretText) -> "BaseClient":
    import boto3.session
    import botocore.session
    from botocore.config import Config

    # At DEBUG the library writes what it sends and what comes back, values included.
    logging.getLogger("botocore").setLevel(logging.INFO)
    inner = botocore.session.Session()
    for name, nothing in (("config_file", os.devnull), ("credentials_file", os.devnull), ("profile", None)):
        inner.set_config_variable(name, nothing)
    client = boto3.session.Session(
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=secret.reveal(),
        region_name=_region(uri, settings.region),
        botocore_session=inner,
    ).client("secretsmanager", endpoint_url=uri, config=Config(retries={"total_max_attempts": 1}))
    client.meta.events.register("before-send.secrets-manager", lambda request, **_: _sent(session, request))
    return client


def _sent(session: BoundedSession, request: Any) -> Any:
    """What came back for a signed request: where it may go, how long and how much is up to our own session."""
    from botocore.awsrequest import AWSResponse

    answer = session.request(request.method, request.url, data=request.body, headers=dict(request.headers))
    return AWSResponse(request.url, answer.status_code, answer.headers, _Whole(answer.content))


class _Whole(BytesIO):
    def stream(self) -> Iterator[bytes]:
        yield self.getvalue()


def _region(uri: str, said: str) -> str:
    found = _REGION.search(urlsplit(uri).hostname or "")
    return said or (found[1] if found else "")


def _stages(client: Any, name: str) -> dict[str, list[str]] | None:
    """Each version's labels; None where there is no secret."""
    try:
        answer = client.describe_secret(SecretId=name)
    except client.exceptions.ResourceNotFoundException:
        return None
    if answer.get("DeletedDate"):
        raise failures.SecretBeingDeleted(f"The secret '{name}' is marked for deletion")
    return answer.get("VersionIdsToStages") or {}


def _value(client: Any, name: str, version: str | None) -> str:
    wanted = {"VersionId": version} if version else {"VersionStage": CURRENT}
    answer = client.get_secret_value(SecretId=name, **wanted)
    if not answer.get("VersionStages"):
        raise failures.SecretNotFound(f"This version of the secret '{name}' is no longer in use")
    if not isinstance(answer.get("SecretString"), str):
        raise failures.FieldNotFound(f"The secret '{name}' holds no text")
    return str(answer["SecretString"])


@sensitive_variables("text", "found")
def _members(text: str, name: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise failures.FieldNotFound(f"The secret '{name}' is no JSON object")
    return found


@sensitive_variables("value")
def _member(value: str, name: str, key: str) -> str:
    found = _members(value, name).get(key)
    if not isinstance(found, str):
        raise failures.FieldNotFound(f"The secret '{name}' has no text in the member '{key}'")
    return found


def _holder(stages: dict[str, list[str]] | None, label: str) -> str:
    return next((version for version, labels in (stages or {}).items() if label in labels), NONE)


@sensitive_variables("text", "before", "value")
def _put(client: Any, name: str, key: str, text: SecretText, expected: str | None) -> tuple[str, str]:
    """The version made, and the one that is in use before it; only the first of all is in use without `_promote`."""
    made = str(uuid4())
    stages = _stages(client, name)
    newest = _holder(stages, CURRENT)
    if expected not in (None, newest):
        raise failures.VersionConflict(f"The secret '{name}' is not at the expected version")
    before = _value(client, name, newest) if key and newest != NONE else "{}"
    value = json.dumps(_members(before, name) | {key: text.reveal()}) if key else text.reveal()
    if stages is None:
        client.create_secret(Name=name, SecretString=value, ClientRequestToken=made)
    else:
        labels = [PENDING if newest != NONE else CURRENT]
        client.put_secret_value(SecretId=name, SecretString=value, ClientRequestToken=made, VersionStages=labels)
    return made, newest


def _promote(client: Any, name: str, made: str, before: str) -> None:
    """Check-and-set: Amazon moves the label only away from the version that we saw it on."""
    refused = client.exceptions.InvalidParameterException
    try:
        client.update_secret_version_stage(
            SecretId=name, VersionStage=CURRENT, MoveToVersionId=made, RemoveFromVersionId=before
        )
    except refused:
        raise failures.VersionConflict(f"Somebody else wrote the secret '{name}' in between") from None
    finally:
        with suppress(refused):  # who wrote in between may have taken it already
            client.update_secret_version_stage(SecretId=name, VersionStage=PENDING, RemoveFromVersionId=made)


def _labels(told: dict[str, Any]) -> list[str]:
    return sorted(str(label) for label in told.get("VersionStages") or ())
