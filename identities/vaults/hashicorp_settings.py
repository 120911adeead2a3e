"""What a connection to HashiCorp Vault or OpenBao says, and where a service account's token lies."""

import os
from dataclasses import dataclass
from pathlib import Path

from identities.errors import Invalid
from identities.vaults import failures
from identities.vaults.base import setting
from identities.vaults.remote import KUBERNETES_TOKEN_FILE, RemoteSettings, plain
from identities.vaults.secret_text import SecretText

SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount/token"
WAYS_IN = {"token": "A token", "approle": "AppRole", "kubernetes": "Kubernetes service account"}
MAX_TOKEN = 16 * 1024


@dataclass(frozen=True, slots=True)
class HashicorpSettings(RemoteSettings):
    """Where in the server the secrets lie, and how Steward signs in."""

    mount: str = setting("secret", "Mount", "The mount point of the KV version 2 engine.")
    field: str = setting("value", "Field", "The field of a secret that holds the value; name#field names another.")
    namespace: str = setting("", "Namespace", "Only for servers that have namespaces.")
    auth: str = setting("token", "Sign in with", "AppRole: the token is the secret id. Kubernetes takes none.", WAYS_IN)
    role: str = setting("", "Role", "The role id of AppRole, or the name of the role for Kubernetes.")
    auth_mount: str = setting("", "Sign-in mount", "Where that is mounted, if not at its usual place.")

    def check(self) -> None:
        RemoteSettings.check(self)
        for member in ("mount", "field", "namespace", "role", "auth_mount"):
            value = getattr(self, member)
            if value or member in ("mount", "field"):
                plain(value, member)
        if "/" in self.field:
            raise Invalid({"settings": ["field: must be one name"]})
        if self.auth != "token" and not self.role:
            raise Invalid({"settings": [f"role: is required for {self.auth}"]})


def service_account_token() -> SecretText:
    """The token Kubernetes renews for Steward's own service account; raises `CredentialAbsent`."""
    place = Path(os.environ.get(KUBERNETES_TOKEN_FILE) or SERVICE_ACCOUNT)
    try:
        with place.open(encoding="ascii") as file:
            text = file.read(MAX_TOKEN).strip()
    except (OSError, ValueError):
        text = ""
    if not text:
        raise failures.CredentialAbsent(f"There is no service account token at {place}")
    return SecretText(text)
