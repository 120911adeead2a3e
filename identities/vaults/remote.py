"""What every vault on a network shares: its settings, its address, its credential, and how a network fails."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import ClassVar
from urllib.parse import urlsplit

import requests

from identities.errors import Invalid
from identities.names import camel
from identities.vaults import failures, landing, names, registration, sealed_box
from identities.vaults.base import Vault, VaultSettings, setting
from identities.vaults.http import AnswerTooLarge, AnswerTooSlow, BoundedSession, Redirected
from identities.vaults.secret_text import SecretText

VARIABLE = re.compile(r"STEWARD_VAULT_[A-Z0-9_]{1,60}", re.ASCII)
CA_FILE = "STEWARD_VAULT_CA_FILE"
KUBERNETES_TOKEN_FILE = "STEWARD_VAULT_KUBERNETES_TOKEN_FILE"  # noqa: S105 - the name of a variable
OURS = (CA_FILE, KUBERNETES_TOKEN_FILE)
LONGEST_WAIT = 30
PROBE = "steward-probe"


@dataclass(frozen=True, slots=True)
class RemoteSettings(VaultSettings):
    """Where in the vault the secrets lie, how long to wait, and who may be called."""

    prefix: str = setting("", "Prefix", "Every secret name lies under this path, such as steward/production.")
    probe_name: str = setting(
        "", "Probe name", f"The test asks whether this name under the prefix may be read; empty: {PROBE}."
    )
    timeout: int = setting(5, "Time limit", "Seconds for one answer, 1 to 30.")
    token_env: str = setting(
        "", "Token variable", "A variable STEWARD_VAULT_… of the deployment that holds the credential."
    )
    plain_http: bool = setting(False, "Allow http", "Without it only a loopback address may go unencrypted.")
    private_network: bool = setting(
        False, "Private network", "The server lies at a private or loopback address; for platform administrators only."
    )

    def check(self) -> None:
        for member in ("prefix", "probe_name"):
            if getattr(self, member):
                plain(getattr(self, member), member)
        if not 1 <= self.timeout <= LONGEST_WAIT:
            raise Invalid({"settings": [f"timeout: must be 1 to {LONGEST_WAIT} seconds"]})
        if self.token_env and (not VARIABLE.fullmatch(self.token_env) or self.token_env in OURS):
            raise Invalid({"settings": ["tokenEnv: must be a variable whose name starts with STEWARD_VAULT_"]})

    @property
    def probe_path(self) -> str:
        """What the test asks for; it need not exist."""
        return names.confined(self.prefix, self.probe_name or PROBE)


class RemoteVault(Vault):
    """A vault behind an address; a provider adds what it says there."""

    Settings: ClassVar[type[VaultSettings]] = RemoteSettings
    credential_setting: ClassVar[str] = "token"
    entrusted: ClassVar[tuple[str, ...]] = ("prefix",)

    @classmethod
    def settled(cls, uri: str, settings: VaultSettings, *, may_use_deployment: bool) -> VaultSettings:
        """A platform administrator who writes a private address has said that it is one."""
        assert isinstance(settings, RemoteSettings)  # noqa: S101 - for the type checker
        address = landing.written(urlsplit(uri).hostname or "")
        if not may_use_deployment or address is None or landing.may_call(address, private=False):
            return settings
        return replace(settings, private_network=True)

    @classmethod
    def deployment_setting(cls, settings: VaultSettings) -> str:
        return "tokenEnv" if getattr(settings, "token_env", "") else ""

    @classmethod
    def area(cls, settings: VaultSettings) -> tuple[str, ...] | None:
        assert isinstance(settings, RemoteSettings)  # noqa: S101 - for the type checker
        return tuple(settings.prefix.split("/")) if settings.prefix else ()

    @classmethod
    def check_connection(cls, uri: str, settings: VaultSettings, *, has_credential: bool) -> None:
        assert isinstance(settings, RemoteSettings)  # noqa: S101 - for the type checker
        check_address(uri, settings)
        if not has_credential and not cls.deployment_setting(settings):
            raise Invalid({"settings": [f"{cls.credential_setting}: is required, or tokenEnv"]})

    @contextmanager
    def session(self, settings: RemoteSettings) -> Iterator[BoundedSession]:
        """A session that calls only where it may; what a network does to it is raised as a `VaultError`.

        Nothing that a library said is taken over (`from None`): it could hold the address or what was sent.
        """
        found = BoundedSession(limit=settings.timeout, verify=os.environ.get(CA_FILE) or True)
        for scheme in ("https://", "http://"):
            found.mount(scheme, landing.LookingAdapter(private=settings.private_network))
        try:
            yield found
        except landing.AddressRefused:
            raise failures.VaultAddressRefused from None
        except requests.RequestException as error:
            raise network_failure(error) from None
        finally:
            found.close()

    def secret_credential(self, settings: RemoteSettings) -> SecretText:
        """The connection's credential; raises `CredentialAbsent`."""
        if self.connection.has_credential:
            try:
                return registration.open_credential(self.connection)
            except sealed_box.CannotOpen:
                raise failures.CredentialAbsent(
                    f"The connection's {self.credential_setting} does not open with the present encryption key"
                ) from None
        name = settings.token_env
        found = os.environ.get(name, "") if VARIABLE.fullmatch(name) and name not in OURS else ""
        if not found.strip():
            raise failures.CredentialAbsent(f"The connection has no {self.credential_setting}")
        return SecretText(found.strip())


def plain(text: str, member: str) -> None:
    """Raises `VaultPathRefused` (member `settings`, and the setting's own outside name) unless `text` is plain."""
    try:
        names.plain_path(text, member)
    except failures.VaultPathRefused as refused:
        raise failures.VaultPathRefused({"settings": [f"{camel(member)}: {refused.errors[member][0]}"]}) from None


def check_address(uri: str, settings: RemoteSettings) -> None:
    """Raises `Invalid` (member `vault_uri`) unless `uri` is encrypted, or may go without, and lies where it may."""
    parts = urlsplit(uri)
    host = parts.hostname or ""
    address = landing.written(host)
    if parts.scheme not in ("https", "http"):
        raise Invalid({"vault_uri": ["must be an https address"]})
    if parts.scheme == "http" and not (settings.plain_http or (address is not None and address.is_loopback)):
        raise Invalid({"vault_uri": ["must be https, unless the setting plainHttp says otherwise"]})
    if address is not None and not landing.may_call(address, private=settings.private_network):
        raise failures.VaultAddressRefused


def network_failure(error: requests.RequestException) -> failures.VaultError:
    """One of our errors for whatever became of a call before there was an answer to read."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    ways: list[tuple[bool, failures.VaultError]] = [
        (isinstance(error, Redirected), failures.VaultFailed("The vault answered with a redirect, not followed")),
        (isinstance(error, AnswerTooLarge), failures.VaultFailed("The vault's answer is too large")),
        (
            isinstance(error, AnswerTooSlow | requests.Timeout),
            failures.VaultTimedOut("The vault did not answer in time"),
        ),
        (isinstance(error, requests.exceptions.SSLError), failures.VaultUntrusted(_about_certificate(str(error)))),
        (
            isinstance(reason, landing.NameUnknown),
            failures.VaultNameUnknown("The name in the vault's address is not known: look at the spelling and the DNS"),
        ),
        (isinstance(error, requests.ConnectionError), failures.VaultUnreachable("The vault cannot be reached")),
    ]
    return next((named for fits, named in ways if fits), failures.VaultFailed("The vault's answer cannot be read"))


def _about_certificate(said: str) -> str:
    if "expired" in said or "not yet valid" in said:
        return "The vault's certificate is not valid now: it has ended or not begun, or this machine's clock is wrong"
    if "mismatch" in said or "doesn't match" in said or "not valid for" in said:
        return "The vault's certificate is for another name than the address"
    if "self-signed" in said or "self signed" in said or "unable to get" in said:
        return f"The vault's certificate comes from an authority that is not trusted here; see {CA_FILE}"
    return "The vault's certificate does not hold"
