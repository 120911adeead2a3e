"""Where a secret rests, in the words of the outside; never the secret."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, urlsplit

from identities.errors import Invalid

KNOWN_PROVIDERS = ("local", "hashicorp-vault", "aws-secrets-manager", "azure-key-vault", "gcp-secret-manager")
MAX_NAME = 300
MAX_URI = 500

_MEMBERS = {"provider": "provider", "vaultUri": "vault_uri", "secretName": "secret_name", "version": "version"}
_DEFAULT_PORTS = {"https": 443, "http": 80}
_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class SecretReference:
    """`secretReference {provider, vaultUri, secretName[, version]}` (S1-18)."""

    provider: str
    vault_uri: str
    secret_name: str
    version: str | None = None

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Read the camelCase members; raises `Invalid` naming each member that is missing, unknown or no text."""
        if not isinstance(data, Mapping):
            raise Invalid({"secret_reference": ["must be an object with provider, vaultUri and secretName"]})
        errors = {str(name): ["unknown member"] for name in data if name not in _MEMBERS}
        errors |= {member: found for name, member in _MEMBERS.items() if (found := _problems(member, data.get(name)))}
        if errors:
            raise Invalid(errors)
        return cls(**{member: data[name] for name, member in _MEMBERS.items() if data.get(name) is not None})

    def as_json(self) -> dict[str, str]:
        """The camelCase members; `version` only when it is given."""
        found = {name: getattr(self, member) for name, member in _MEMBERS.items()}
        return {name: value for name, value in found.items() if value is not None}

    def __str__(self) -> str:
        suffix = f" (version {self.version})" if self.version else ""
        return f"{self.provider} {self.vault_uri} {self.secret_name}{suffix}"


def normal_uri(text: str) -> str:
    """One spelling for one vault: lower-case scheme and host, no default port, no trailing slash.

    Raises `Invalid` (member `vault_uri`) for anything but `scheme://host[:port][/path]`: no user, query or fragment.
    """
    parts = _split(text)
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    port = parts.port
    at_port = f":{port}" if port and port != _DEFAULT_PORTS.get(parts.scheme) else ""
    return f"{parts.scheme}://{shown}{at_port}{parts.path.rstrip('/')}"


def _split(text: str) -> SplitResult:
    problem = Invalid({"vault_uri": ["must read scheme://host[:port][/path]"]})
    if not text or len(text) > MAX_URI or _CONTROL.search(text) or "\\" in text or "%" in text:
        raise problem
    try:
        parts = urlsplit(text)
        has_fault = not parts.scheme or not parts.hostname or parts.port == 0
    except ValueError:
        raise problem from None
    if has_fault or "@" in parts.netloc or "?" in text or "#" in text or ".." in parts.path:
        raise problem
    return parts


def _problems(member: str, value: object) -> list[str]:
    if value is None:
        return [] if member == "version" else ["is required"]
    if not isinstance(value, str) or not value.strip():
        return ["must be text"]
    return ["is too long"] if len(value) > (MAX_URI if member == "vault_uri" else MAX_NAME) else []
