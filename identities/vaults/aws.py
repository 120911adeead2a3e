"""AWS Secrets Manager, by Amazon's own library, which builds and signs; the sending is ours."""

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit
from uuid import UUID

from django.views.decorators.debug import sensitive_variables

from identities.errors import Invalid
from identities.vaults import aws_versions, failures, names
from identities.vaults.aws_failures import named
from identities.vaults.aws_versions import CURRENT, PENDING, holder_of, labels_of, member_of, stages_of, value_of
from identities.vaults.base import NONE, Ended, VaultSettings, Version, setting
from identities.vaults.http import BoundedSession
from identities.vaults.references import SecretReference
from identities.vaults.remote import RemoteSettings, RemoteVault
from identities.vaults.secret_text import SecretText

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.loaders import Loader

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
            value = value_of(client, name, reference.version)
        return SecretText(member_of(value, name, key) if key else value)

    @sensitive_variables("client")
    def write(
        self, reference: SecretReference, text: SecretText, tenant_id: UUID, expected_version: str | None = None
    ) -> str:
        """Put as AWSPENDING first; it becomes AWSCURRENT only if what stood there still does."""
        name, key = self._place(reference)
        with self._client() as client:
            made, before = aws_versions.put(client, name, key, text, expected_version)
            if before != NONE:
                aws_versions.promote(client, name, made, before)
        return made

    @sensitive_variables("client")
    def stage(
        self, reference: SecretReference, text: SecretText, tenant_id: UUID, expected_version: str | None = None
    ) -> str:
        """It waits as AWSPENDING; the first version of all is in use at once, there being nothing else to read."""
        name, key = self._place(reference)
        with self._client() as client:
            return aws_versions.put(client, name, key, text, expected_version)[0]

    @sensitive_variables("client")
    def newest(self, reference: SecretReference, tenant_id: UUID) -> str:
        name, _ = self._place(reference)
        with self._client() as client:
            return holder_of(stages_of(client, name), CURRENT)

    @sensitive_variables("client")
    def staged(self, reference: SecretReference, tenant_id: UUID) -> str:
        name, _ = self._place(reference)
        with self._client() as client:
            stages = stages_of(client, name)
        waiting = holder_of(stages, PENDING)
        return waiting if waiting != NONE else holder_of(stages, CURRENT)

    @sensitive_variables("client")
    def promote(
        self, reference: SecretReference, version: str, tenant_id: UUID, expected_version: str | None = None
    ) -> None:
        """AWSCURRENT moves here; Amazon puts AWSPREVIOUS on the version that had it."""
        name, _ = self._place(reference)
        with self._client() as client:
            stages = stages_of(client, name) or {}
            if not stages.get(version):
                raise failures.SecretNotFound("There is no such secret, or not in this version")
            if CURRENT in stages[version]:
                return
            aws_versions.promote(client, name, version, expected_version or holder_of(stages, CURRENT))

    @sensitive_variables("client")
    def versions(self, reference: SecretReference, tenant_id: UUID) -> list[Version]:
        name, _ = self._place(reference)
        told: list[dict[str, Any]] = []
        page: dict[str, str] = {}
        with self._client() as client:
            if stages_of(client, name) is None:
                raise failures.SecretNotFound("There is no such secret")
            for _number in range(MAX_PAGES):
                answer = client.list_secret_version_ids(SecretId=name, MaxResults=100, **page)
                told += answer.get("Versions", [])
                if not answer.get("NextToken"):
                    break
                page = {"NextToken": answer["NextToken"]}
        found = [
            Version(one["VersionId"], one.get("CreatedDate"), bool(one.get("VersionStages")), tuple(labels_of(one)))
            for one in reversed(told)
        ]
        return sorted(found, key=lambda one: (CURRENT not in one.labels, PENDING not in one.labels))

    @sensitive_variables("client")
    def destroy(self, reference: SecretReference, tenant_id: UUID) -> Ended:
        """A secret ends at once and for good; a version loses its labels, and Amazon removes it in its own time."""
        name, _ = self._place(reference)
        with self._client() as client:
            stages = stages_of(client, name)
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
    inner.register_component("data_loader", _descriptions())
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


@cache
def _descriptions() -> "Loader":
    """What the library knows of Amazon's services, read once: to read it anew takes longer than a request."""
    from botocore.loaders import create_loader

    return create_loader()


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
