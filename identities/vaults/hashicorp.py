"""HashiCorp Vault and OpenBao: the KV version 2 engine, with a token."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit
from uuid import UUID

import requests
from django.views.decorators.debug import sensitive_variables

from identities.errors import Invalid
from identities.vaults import failures, landing, names, registration, sealed_box
from identities.vaults.base import Vault, VaultSettings, setting
from identities.vaults.http import AnswerTooLarge, AnswerTooSlow, BoundedSession, Redirected
from identities.vaults.references import SecretReference
from identities.vaults.secret_text import SecretText

if TYPE_CHECKING:
    import hvac

VARIABLE = re.compile(r"STEWARD_VAULT_[A-Z0-9_]{1,60}", re.ASCII)
CA_FILE = "STEWARD_VAULT_CA_FILE"


@dataclass(frozen=True, slots=True)
class HashicorpSettings(VaultSettings):
    """Where in the server the secrets lie, and how long to wait."""

    mount: str = setting("secret", "Mount", "The mount point of the KV version 2 engine.")
    prefix: str = setting("", "Prefix", "Every secret name lies under this path, such as steward/production.")
    field: str = setting("value", "Field", "The field of a secret that holds the value; name#field names another.")
    namespace: str = setting("", "Namespace", "Only for servers that have namespaces.")
    timeout: int = setting(5, "Time limit", "Seconds for one answer, 1 to 30.")
    token_env: str = setting("", "Token variable", "A variable STEWARD_VAULT_… of the deployment that holds the token.")
    plain_http: bool = setting(False, "Allow http", "Without it only a loopback address may go unencrypted.")
    private_network: bool = setting(
        False, "Private network", "The server lies at a private or loopback address; for platform administrators only."
    )

    def check(self) -> None:
        for member in ("mount", "prefix", "field", "namespace"):
            value = getattr(self, member)
            if value or member in ("mount", "field"):
                names.plain_path(value, "settings")
        if "/" in self.field:
            raise Invalid({"settings": ["field: must be one name"]})
        if not 1 <= self.timeout <= 30:
            raise Invalid({"settings": ["timeout: must be 1 to 30 seconds"]})
        if self.token_env and (not VARIABLE.fullmatch(self.token_env) or self.token_env == CA_FILE):
            raise Invalid({"settings": ["tokenEnv: must be a variable whose name starts with STEWARD_VAULT_"]})


class HashicorpVault(Vault):
    """`secretName` is a path under the prefix; `#field` at its end names a field other than the connection's."""

    kind: ClassVar[str] = "hashicorp-vault"
    label: ClassVar[str] = "HashiCorp Vault or OpenBao"
    Settings: ClassVar[type[VaultSettings]] = HashicorpSettings
    library: ClassVar[str] = "hvac"
    credential_setting: ClassVar[str] = "token"
    entrusted: ClassVar[tuple[str, ...]] = ("mount", "prefix", "namespace")

    @classmethod
    def settled(cls, uri: str, settings: VaultSettings, *, may_use_deployment: bool) -> VaultSettings:
        """A platform administrator who writes a private address has said that it is one."""
        assert isinstance(settings, HashicorpSettings)  # noqa: S101 - for the type checker
        address = landing.written(urlsplit(uri).hostname or "")
        if not may_use_deployment or address is None or landing.may_call(address, private=False):
            return settings
        return replace(settings, private_network=True)

    @classmethod
    def check_connection(cls, uri: str, settings: VaultSettings, *, has_credential: bool) -> None:
        assert isinstance(settings, HashicorpSettings)  # noqa: S101 - for the type checker
        parts = urlsplit(uri)
        if parts.scheme not in ("https", "http"):
            raise Invalid({"vault_uri": ["must be an https address"]})
        if parts.scheme == "http" and not (settings.plain_http or _is_loopback(parts.hostname or "")):
            raise Invalid({"vault_uri": ["must be https, unless the setting plainHttp says otherwise"]})
        address = landing.written(parts.hostname or "")
        if address is not None and not landing.may_call(address, private=settings.private_network):
            raise failures.VaultAddressRefused
        if not has_credential and not settings.token_env:
            raise Invalid({"settings": ["token: is required, or tokenEnv"]})

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

    def probe(self) -> None:
        with self._client() as client:
            status = client.sys.read_health_status(method="GET")
            state = status if isinstance(status, dict) else {}
            code = getattr(status, "status_code", 200)
            if code in (501, 503) or state.get("sealed"):
                raise failures.VaultSealed("The vault is sealed or not set up")
            client.auth.token.lookup_self()

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

    @contextmanager
    def _client(self) -> "Iterator[hvac.Client]":
        import hvac
        import hvac.exceptions

        settings = self._settings
        session = BoundedSession(limit=settings.timeout, verify=os.environ.get(CA_FILE) or True)
        for scheme in ("https://", "http://"):
            session.mount(scheme, landing.LookingAdapter(private=settings.private_network))
        try:
            client = hvac.Client(
                url=self.connection.vault_uri,
                token=self._token(settings).reveal(),
                namespace=settings.namespace or None,
                timeout=settings.timeout,
                allow_redirects=False,
                session=session,
            )
            yield client
        except landing.AddressRefused:
            raise failures.VaultAddressRefused from None
        except (hvac.exceptions.VaultError, requests.RequestException, ValueError, AttributeError, TypeError) as error:
            # `from None`: the library's error holds the address and the body it was sent.
            raise _named(error) from None
        finally:
            session.close()

    def _token(self, settings: HashicorpSettings) -> SecretText:
        if self.connection.has_credential:
            try:
                return registration.open_credential(self.connection)
            except sealed_box.CannotOpen:
                raise failures.CredentialAbsent(
                    "The connection's token does not open with the present encryption key"
                ) from None
        token = os.environ.get(settings.token_env, "") if VARIABLE.fullmatch(settings.token_env) else ""
        if not token.strip():
            raise failures.CredentialAbsent("The connection has no token")
        return SecretText(token.strip())


def _named(error: Exception) -> failures.VaultError:
    """One of our errors for whatever the library or the network raised; nothing of its text is taken over."""
    import hvac.exceptions as raised

    ways: list[tuple[type[Exception] | tuple[type[Exception], ...], failures.VaultError]] = [
        (Redirected, failures.VaultFailed("The vault answered with a redirect, which is not followed")),
        (AnswerTooLarge, failures.VaultFailed("The vault's answer is too large")),
        ((AnswerTooSlow, requests.Timeout), failures.VaultTimedOut("The vault did not answer in time")),
        (requests.exceptions.SSLError, failures.VaultUntrusted("The vault's certificate does not hold")),
        (requests.ConnectionError, failures.VaultUnreachable("The vault cannot be reached")),
        (raised.InvalidPath, failures.SecretNotFound("There is no such secret, or not in this version")),
        (
            (raised.Forbidden, raised.Unauthorized),
            failures.VaultDenied("The vault does not accept the connection's token for this"),
        ),
        (
            (raised.VaultDown, raised.VaultNotInitialized),
            failures.VaultSealed("The vault is sealed or not ready"),
        ),
        (raised.RateLimitExceeded, failures.VaultUnreachable("The vault asks to slow down")),
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


def _is_loopback(host: str) -> bool:
    address = landing.written(host)
    return address is not None and address.is_loopback
