"""HashiCorp Vault and OpenBao: the KV version 2 engine, with a token, AppRole or a Kubernetes service account."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import requests
from django.views.decorators.debug import sensitive_variables

from identities.errors import Invalid
from identities.vaults import failures, names
from identities.vaults.base import Ended, VaultSettings, Version
from identities.vaults.hashicorp_settings import HashicorpSettings, service_account_token
from identities.vaults.references import SecretReference
from identities.vaults.remote import RemoteVault
from identities.vaults.secret_text import SecretText

if TYPE_CHECKING:
    import hvac


class HashicorpVault(RemoteVault):
    """`secretName` is a path under the prefix; `#field` at its end names a field other than the connection's."""

    kind: ClassVar[str] = "hashicorp-vault"
    label: ClassVar[str] = "HashiCorp Vault or OpenBao"
    Settings: ClassVar[type[VaultSettings]] = HashicorpSettings
    library: ClassVar[str] = "hvac"
    extra: ClassVar[str] = "vault"
    entrusted: ClassVar[tuple[str, ...]] = ("mount", "prefix", "namespace", "auth", "authMount", "role")

    @classmethod
    def deployment_setting(cls, settings: VaultSettings) -> str:
        """The service account is the one Steward itself runs under: whoever has its token speaks as Steward."""
        if getattr(settings, "auth", "") == "kubernetes":
            return "auth"
        return super().deployment_setting(settings)

    @classmethod
    def area(cls, settings: VaultSettings) -> tuple[str, ...] | None:
        assert isinstance(settings, HashicorpSettings)  # noqa: S101 - for the type checker
        return (settings.namespace, settings.mount, *(super().area(settings) or ()))

    @classmethod
    def check_connection(cls, uri: str, settings: VaultSettings, *, has_credential: bool) -> None:
        super().check_connection(uri, settings, has_credential=has_credential)
        if getattr(settings, "auth", "") == "kubernetes" and (has_credential or getattr(settings, "token_env", "")):
            raise Invalid({"settings": ["auth: kubernetes takes no token, it uses the service account's"]})

    @classmethod
    def check_name(cls, reference: SecretReference) -> None:
        path, mark, field = reference.secret_name.partition("#")
        names.plain_path(path)
        if mark and ("/" in names.plain_path(field) or "#" in field):
            raise failures.VaultPathRefused({"secret_name": ["must name one field after the #"]})
        names.plain_version(reference.version)

    @sensitive_variables("client", "values", "value")
    def read(self, reference: SecretReference, tenant_id: UUID) -> SecretText:
        path, field = self._place(reference)
        with self._client() as client:
            values, _ = self._values(client, path, names.plain_version(reference.version))
        value = values.get(field)
        if not isinstance(value, str):
            raise failures.FieldNotFound(f"The secret '{path}' has no text in the field '{field}'")
        return SecretText(value)

    @sensitive_variables("client", "values", "answer")
    def write(
        self, reference: SecretReference, text: SecretText, tenant_id: UUID, expected_version: str | None = None
    ) -> str:
        path, field = self._place(reference)
        with self._client() as client:
            values, newest = self._present(client, path)
            if expected_version is not None and expected_version != str(newest):
                raise failures.VersionConflict(
                    f"The secret '{path}' stands at version {newest}, not {expected_version}"
                )
            # The other fields stay; check-and-set sees to it that nobody's write in between is lost.
            answer = client.secrets.kv.v2.create_or_update_secret(
                path=path,
                secret={**values, field: text.reveal()},
                cas=newest,
                mount_point=self._settings.mount,
            )
        return str(_version(answer.get("data") if isinstance(answer, dict) else None))

    def newest(self, reference: SecretReference, tenant_id: UUID) -> str:
        """Told by the answer to a read: a token that may only read the data has no right to the metadata."""
        path, _ = self._place(reference)
        with self._client() as client:
            return str(self._present(client, path)[1])

    def versions(self, reference: SecretReference, tenant_id: UUID) -> list[Version]:
        path, _ = self._place(reference)
        with self._client() as client:
            return self._versions(client, path)

    def destroy(self, reference: SecretReference, tenant_id: UUID) -> Ended:
        """A version ends with all its fields: they are one secret to the server."""
        path, _ = self._place(reference)
        version = names.plain_version(reference.version)
        mount = self._settings.mount
        with self._client() as client:
            readable = [found.name for found in self._versions(client, path) if found.is_readable]
            if version is None:
                client.secrets.kv.v2.delete_metadata_and_all_versions(path=path, mount_point=mount)
            elif str(version) not in readable:
                raise failures.SecretNotFound("There is no such secret, or not in this version")
            else:
                client.secrets.kv.v2.destroy_secret_versions(path=path, versions=[version], mount_point=mount)
        return Ended.DESTROYED

    def probe(self) -> None:
        import hvac.exceptions

        settings = self._settings
        path = f"{settings.mount}/data/{settings.probe_path}"
        with self._client(signed_in=False) as client:
            _check_health(client)
            self._sign_in(client, settings)
            try:
                client.auth.token.lookup_self()
            except (hvac.exceptions.Forbidden, hvac.exceptions.Unauthorized):
                raise failures.VaultUnauthenticated("The vault does not know the token, or it has ended") from None
            answer = client.sys.get_capabilities(paths=[path])
            granted = answer.get("capabilities") if isinstance(answer, dict) else None
            if not {"read", "root"} & set(granted or ()):
                raise failures.VaultDenied(f"The vault knows the credential, which has no right to read '{path}'")

    @property
    def _settings(self) -> HashicorpSettings:
        found = HashicorpSettings.from_json(self.connection.settings)
        assert isinstance(found, HashicorpSettings)  # noqa: S101 - for the type checker
        return found

    def _place(self, reference: SecretReference) -> tuple[str, str]:
        self.check_name(reference)
        name, _, field = reference.secret_name.partition("#")
        return names.confined(self._settings.prefix, name), field or self._settings.field

    def _values(self, client: "hvac.Client", path: str, version: int | None) -> tuple[dict[str, Any], int]:
        answer = client.secrets.kv.v2.read_secret_version(
            path=path, version=version, mount_point=self._settings.mount, raise_on_deleted_version=True
        )
        data = answer.get("data") if isinstance(answer, dict) else None
        values = data.get("data") if isinstance(data, dict) else None
        if not isinstance(data, dict) or not isinstance(values, dict):
            raise failures.VaultFailed("The vault's answer is not that of a KV version 2 engine")
        return values, _version(data.get("metadata"))

    def _present(self, client: "hvac.Client", path: str) -> tuple[dict[str, Any], int]:
        import hvac.exceptions

        try:
            return self._values(client, path, None)
        except hvac.exceptions.InvalidPath as error:
            return {}, _deleted_version(error)

    def _versions(self, client: "hvac.Client", path: str) -> list[Version]:
        answer = client.secrets.kv.v2.read_secret_metadata(path=path, mount_point=self._settings.mount)
        data = answer.get("data") if isinstance(answer, dict) else None
        found = data.get("versions") if isinstance(data, dict) else None
        if not isinstance(found, dict):
            raise failures.VaultFailed("The vault's answer is not that of a KV version 2 engine")
        return [_version_of(name, found[name]) for name in sorted(found, key=int, reverse=True)]

    @contextmanager
    def _client(self, *, signed_in: bool = True) -> "Iterator[hvac.Client]":
        import hvac
        import hvac.exceptions

        settings = self._settings
        with self.session(settings) as session:
            try:
                client = hvac.Client(
                    url=self.connection.vault_uri,
                    token="",  # None would have it look into our own surroundings
                    namespace=settings.namespace or None,
                    timeout=settings.timeout,
                    allow_redirects=False,
                    session=session,
                )
                if signed_in:
                    self._sign_in(client, settings)
                yield client
                if settings.auth != "token":
                    # What was made for this one operation ends with it; else it ends by its own time.
                    with suppress(hvac.exceptions.VaultError, requests.RequestException):
                        client.auth.token.revoke_self()
            except (hvac.exceptions.VaultError, ValueError, AttributeError, TypeError) as error:
                if isinstance(error, requests.RequestException):
                    raise
                # `from None`: the library's error holds the address and the body it was sent.
                raise _named(error) from None

    @sensitive_variables("client", "secret")
    def _sign_in(self, client: "hvac.Client", settings: HashicorpSettings) -> None:
        import hvac.exceptions as raised

        secret = service_account_token() if settings.auth == "kubernetes" else self.secret_credential(settings)
        mount = settings.auth_mount or settings.auth
        try:
            if settings.auth == "token":
                client.token = secret.reveal()
            elif settings.auth == "approle":
                client.auth.approle.login(role_id=settings.role, secret_id=secret.reveal(), mount_point=mount)
            else:
                client.auth.kubernetes.login(role=settings.role, jwt=secret.reveal(), mount_point=mount)
        except (raised.Forbidden, raised.Unauthorized, raised.InvalidRequest):
            raise failures.VaultUnauthenticated(f"The vault does not let the role in through '{mount}'") from None


def _check_health(client: "hvac.Client") -> None:
    status = client.sys.read_health_status(method="GET")
    state = status if isinstance(status, dict) else {}
    if getattr(status, "status_code", 200) in (501, 503) or state.get("sealed"):
        raise failures.VaultSealed("The vault is sealed or not set up")


def _named(error: Exception) -> failures.VaultError:
    """One of our errors for whatever the library raised; nothing of its text is taken over."""
    import hvac.exceptions as raised

    ways: list[tuple[type[Exception] | tuple[type[Exception], ...], failures.VaultError]] = [
        (raised.InvalidPath, failures.SecretNotFound("There is no such secret, or not in this version")),
        (
            (raised.Forbidden, raised.Unauthorized),
            failures.VaultDenied("The vault does not accept the connection's credential for this"),
        ),
        (
            (raised.VaultDown, raised.VaultNotInitialized),
            failures.VaultSealed("The vault is sealed or not ready"),
        ),
        (raised.RateLimitExceeded, failures.VaultThrottled("The vault asks to slow down")),
    ]
    if isinstance(error, raised.InvalidRequest) and "check-and-set" in str(error):
        return failures.VersionConflict("Somebody else wrote the secret in between")
    fitting = (named for kinds, named in ways if isinstance(error, kinds))
    return next(fitting, failures.VaultFailed("The vault answered with an error of its own"))


def _version(metadata: object) -> int:
    version = metadata.get("version") if isinstance(metadata, dict) else None
    if type(version) is not int:
        raise failures.VaultFailed("The vault's answer is not that of a KV version 2 engine")
    return version


def _deleted_version(error: Any) -> int:
    # A deleted newest version answers 404 and still counts for check-and-set.
    body = error.json if isinstance(getattr(error, "json", None), dict) else {}
    metadata = (body.get("data") or {}).get("metadata") or {}
    version = metadata.get("version")
    return version if type(version) is int else 0


def _version_of(name: str, told: dict[str, Any]) -> Version:
    gone_at = _moment(told.get("deletion_time"))
    is_readable = not told.get("destroyed") and (gone_at is None or gone_at > datetime.now(UTC))
    return Version(name, _moment(told.get("created_time")), is_readable)


def _moment(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None
